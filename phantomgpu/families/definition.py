"""What a model's configuration says it is: its graphs, and how a run goes through them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from phantomgpu.onnx.graph import Graph

_NO_DIMS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Generation:
    """What generating tokens one after the other needs to know of a decoder.

    The decoder's graph has the free dimensions ``batch``, ``sequence`` (new tokens) and ``past``
    (tokens in the cache before them): a prompt is ``past = 0``, a step is ``sequence = 1``.

    Attributes:
        layers: Decoder layers.
        cache_elements_per_token: Elements that all layers with full attention keep for one
            token: keys and values, or the latent and the rotary key of multi-head latent attention.
        window_elements_per_token: Likewise of layers that attend to a sliding window only.
        window_tokens: Length of that window; 0 where no layer has one.
        source_elements_per_token: Keys and values of cross-attention kept for one token of the
            encoder's output; 0 without an encoder.
        context_tokens: Most tokens the model was made for; 0 where it does not say.
        vocabulary: Words to choose from.
        sound_s: Of sound that the encoder reads, whatever the prompt; 0 where it reads tokens.
    """

    layers: int
    cache_elements_per_token: int
    window_elements_per_token: int = 0
    window_tokens: int = 0
    source_elements_per_token: int = 0
    context_tokens: int = 0
    vocabulary: int = 0
    sound_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One graph of a model, and how often a run goes through it.

    Attributes:
        name: ``"decoder"``, ``"encoder"``, ``"unet"``, ``"vae-decoder"``, ``"text-encoder"``.
        graph: Its graph.
        dims: Sizes of free dimensions that the definition itself decides.
        per_step: Once for each step of a diffusion run or generated token, else once a run.
        evaluations: Samples that one step takes of it for each sample of the run: 2 for
            classifier-free guidance.
        shared_parameters: Of embeddings that an earlier part has too; memory holds them once.
        kept: Modules whose weights its published files keep in 16 bits where others are narrower,
            by the names that stand in its nodes: ``"self_attn"``.
        weight_bits: Of a weight of 4 bits in its published files, scales included; 0 where a
            runtime's files are as good as any.
    """

    name: str
    graph: Graph
    dims: Mapping[str, int] = field(default_factory=lambda: _NO_DIMS)
    per_step: bool = False
    evaluations: int = 1
    shared_parameters: int = 0
    kept: frozenset[str] = frozenset()
    weight_bits: float = 0.0


@dataclass(frozen=True, slots=True)
class Definition:
    """A model as its configuration describes it.

    Attributes:
        name: For people: ``"meta-llama/Meta-Llama-3-8B"`` where it is known.
        family: ``"decoder"``, ``"encoder"``, ``"encoder-decoder"``, ``"vision"``, ``"clip"``,
            ``"speech"``, ``"diffusion"``.
        parameters: Of all parts, each shared one counted once.
        parts: In the order in which a run goes through them.
        generation: Of a model that generates tokens; None for others.
        steps: Usual number of steps of a diffusion run; 0 for others.
        notes: What was approximated, in words for people.
    """

    name: str
    family: str
    parameters: int
    parts: tuple[Part, ...]
    generation: Generation | None = None
    steps: int = 0
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> Part:
        """Most of a run: the first part that every step goes through, else the first."""
        return next((part for part in self.parts if part.per_step), self.parts[0])
