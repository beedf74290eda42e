"""Device memory of a model that generates tokens."""

from functools import cache

from phantomgpu.cost.footprint import footprint_bytes
from phantomgpu.dtype import PRECISIONS
from phantomgpu.serving.cache import cache_bytes, cache_bytes_per_token, longest_sequence
from phantomgpu.serving.fits import LARGEST, largest_batch
from phantomgpu.serving.stages import Stages


class Memory:
    """What the weights, the cache and the passes need.

    Args:
        stages: Of the model under its runtime.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._activations = cache(self._activation_bytes)
        self._others = cache(self._other_bytes)
        self.needed_bytes = cache(self._needed_bytes)
        self.usable_bytes = cache(self._usable_bytes)
        self.largest_batch = cache(self._largest_batch)
        self.weight_bytes = cache(self._weight_bytes)

    @property
    def cache_bytes_per_token(self) -> int:
        """What one token of one request adds to the cache."""
        stages = self._stages
        return cache_bytes_per_token(stages.generation, element_bytes=stages.element_bytes)

    def cache_bytes(self, concurrency: int, *, element_bytes: float | None = None) -> int:
        """The cache with every request at its full length; its last token is not kept."""
        stages = self._stages
        return cache_bytes(
            stages.generation,
            tokens=stages.longest,
            sequences=concurrency,
            element_bytes=stages.element_bytes if element_bytes is None else element_bytes,
            source_tokens=stages.source_tokens,
        )

    def activation_bytes(self, concurrency: int, precision: str) -> int:
        """Most that is alive in the largest pass beside weights and cache."""
        return self._activations(self._stages.largest_sequences(concurrency), precision)

    def _activation_bytes(self, sequences: int, precision: str) -> int:
        stages, width = self._stages, PRECISIONS[precision].vector_bits / 8
        kept, found = stages.generation, 0
        largest = stages.largest(sequences)
        for stage in largest:
            workload = stage.at(1, precision)
            elements = kept.cache_elements_per_token + kept.window_elements_per_token
            cached = stage.past * elements
            if stage is largest[-1]:
                cached += stages.source_tokens * kept.source_elements_per_token
            held = round(workload.batch * cached * width)
            found = max(found, workload.peak_activation_bytes - held)
        return found

    def longest_prompt(self, concurrency: int, precision: str, limit_bytes: int) -> int:
        """Most tokens of a prompt with which so many requests fit; 0 where none does."""
        stages = self._stages
        free = limit_bytes - self.needed_bytes(concurrency, precision)
        tokens = longest_sequence(
            stages.generation,
            free + self.cache_bytes(concurrency),
            sequences=concurrency,
            element_bytes=stages.element_bytes,
            source_tokens=stages.source_tokens,
        )
        return 0 if stages.has_encoder else max(tokens - stages.load.output_tokens, 0)

    def _usable_bytes(self, memory_bytes: int, concurrency: int, precision: str) -> int:
        """What the runtime takes of a board's memory for so many requests.

        It takes ``memory_share`` of the board, and lets the cache fill ``cache_share`` of what all
        else leaves of that. A run fits when it needs no more.

        Source:
            vLLM documentation, gpu_memory_utilization; NVIDIA TensorRT-LLM documentation,
            KvCacheConfig.free_gpu_memory_fraction.
        """
        serving = self._stages.runtime.serving
        taken = int(serving.memory_share * memory_bytes)
        others = self._others(concurrency, precision)
        if others >= taken:
            return taken
        return others + int(serving.cache_share * (taken - others))

    def _needed_bytes(self, concurrency: int, precision: str) -> int:
        return self.cache_bytes(concurrency) + self._others(concurrency, precision)

    def _other_bytes(self, concurrency: int, precision: str) -> int:
        """All that is needed beside the cache."""
        runtime = self._stages.runtime
        return footprint_bytes(
            weights=self.weight_bytes(precision),
            activations=self.activation_bytes(concurrency, precision),
            workspace=runtime.workspace_bytes,
            context=runtime.context_bytes,
        )

    def _weight_bytes(self, precision: str) -> int:
        parts = {stage.name: stage for stage in self._stages.largest(1)}
        return sum(stage.at(1, precision).weight_bytes for stage in parts.values())

    def _largest_batch(self, memory_bytes: int, precision: str, at_most: int = LARGEST) -> int:
        def beyond(batch: int) -> int:
            usable = self.usable_bytes(memory_bytes, batch, precision)
            return self.needed_bytes(batch, precision) - usable

        return largest_batch(beyond, 0, at_most=at_most)
