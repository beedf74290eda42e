"""How a published row was timed: what one must add to a kernel's time to get the figure."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """What a stopwatch around an operator saw.

    Attributes:
        runtime: Id of the runtime profile whose kernels ran.
        host: Whether the host's time to issue the operator is in the figure: it is not where
            the profiler or a CUDA graph timed the device alone.
        copies: Sets of weights that took turns, so that each was cold in the cache.
        distinct_kv: Share of the keys and values that came from addresses of their own.
        distinct_alone: The same of kernels that read all keys before the first value.
        cache_writes: Kernels in attention's figure that write new keys and values into the cache.
        host_factors: Of ``HOST_FACTORS``, those by which the host's time differs from usual.
    """

    runtime: str
    host: bool
    copies: int
    distinct_kv: float = 1.0
    distinct_alone: float = 1.0
    cache_writes: int = 0
    host_factors: tuple[str, ...] = ()


HOST_FACTORS: Final = ("alone_scalar", "alone_linear", "alone_rocm")
"""Values of a runtime that multiply the host's time for one operator: where a number must be
wrapped as a tensor or a module is called; where a layer adds a bias to a product; on AMD boards,
whose driver and version of PyTorch are others."""

_ROCM: Final = "rocm"
"""In the ``runtime`` cell of rows of AMD boards."""


SERVING_COPIES: Final = 6
"""Operators in one CUDA graph of aiconfigurator's collector, each with weights of its own."""

COLD_COPIES: Final = 64
"""As many sets of weights as no cache holds: what a timing stands for that finds it cold."""

_SINGLE_SHOTS: Final = frozenset(
    {("trt-llm", "sq"), ("trt-llm", "int8_wo"), ("trt-llm", "int4_wo")}
)
"""Runtime and dtype of aiconfigurator's rows that TensorRT's own profiler timed, not a CUDA graph:
all are whole ticks of 1.024 us, and small weights come at the memory's rate, not the cache's."""

_KEYS_ONLY: Final = Timing("trt-llm", host=False, copies=SERVING_COPIES, distinct_kv=0.5)
"""aiconfigurator's collector for TensorRT-LLM, ``collector/trtllm/collect_attn.py``, up to about
1.3.0rc15: its cache is of ``CacheType.SELFKONLY``, which holds keys alone, so that values are read
from the keys' addresses, out of the cache. Rows of that time are up to 1.5 times faster than the
memory could deliver; those of 1.3.0rc20 never are."""

_BY_PREFIX: Final[tuple[tuple[str, Timing], ...]] = (
    ("trtllm-1.0", _KEYS_ONLY),
    ("trtllm-1.1", _KEYS_ONLY),
    ("trtllm-1.2", _KEYS_ONLY),
    ("trtllm-1.3.0rc1", replace(_KEYS_ONLY, distinct_alone=0.5)),
    ("trtllm", Timing("trt-llm", host=False, copies=SERVING_COPIES)),
    # Rows of 0.22 lack the cache's kernel: their floor lies one kernel start below that of 0.24.
    ("vllm-0.22", Timing("vllm", host=False, copies=SERVING_COPIES)),
    ("vllm", Timing("vllm", host=False, copies=SERVING_COPIES, cache_writes=1)),
    # The floor of 0.5.10 lies a kernel start above that of 0.5.14, in prompts and decoding alike.
    ("sglang-0.5.10", Timing("sglang", host=False, copies=SERVING_COPIES, cache_writes=2)),
    ("sglang", Timing("sglang", host=False, copies=SERVING_COPIES, cache_writes=1)),
    ("pytorch-eager(cuda graph)", Timing("pytorch-eager", host=False, copies=1)),
    ("pytorch-eager(cuda profiler)", Timing("pytorch-eager", host=False, copies=1)),
    ("pytorch-compile", Timing("pytorch-compile", host=True, copies=1)),
    ("tensorrt", Timing("tensorrt", host=False, copies=1)),
    ("onnxruntime", Timing("onnxruntime", host=True, copies=1)),
    ("pytorch", Timing("pytorch-eager", host=True, copies=1)),
)


def timing_of(runtime: str, dtype: str = "") -> Timing:
    """The timing of a row, by how its ``runtime`` cell begins; eager PyTorch's where none fits.

    Args:
        runtime: The cell.
        dtype: The row's number format, where it matters.

    >>> timing_of("trtllm-1.0.0").runtime, timing_of("pytorch2.1.0-eager(cu121)").host
    ('trt-llm', True)
    >>> timing_of("trtllm-1.0.0", "fp8").copies, timing_of("trtllm-1.0.0", "int4_wo").copies
    (6, 64)
    """
    for prefix, timing in _BY_PREFIX:
        if runtime.startswith(prefix):
            if (timing.runtime, dtype) in _SINGLE_SHOTS:
                return replace(timing, copies=COLD_COPIES)
            return _on_amd(timing) if _ROCM in runtime else timing
    return Timing("pytorch-eager", host=True, copies=1)


def _on_amd(timing: Timing) -> Timing:
    """The same where AMD's driver is the host's."""
    return replace(timing, host_factors=(*timing.host_factors, "alone_rocm"))
