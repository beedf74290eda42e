"""What ``phantomgpu measure`` times, how samples become one figure, and the rows it writes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Final

OPERATOR_COLUMNS: Final = (
    "source", "gpu", "op", "sub", "dtype", "runtime", "B", "M", "N", "K", "rows", "cols", "Cin",
    "Cout", "ksize", "insize", "stride", "pad", "heads", "kv_heads", "head_dim", "window", "seq",
    "kv_len", "latency_ms", "power_w", "citation",
)  # fmt: skip
"""Columns of a file of operators."""

MODEL_COLUMNS: Final = (
    "source", "gpu", "model", "runtime", "runtime_version", "precision", "layout", "batch", "input",
    "metric", "value", "power_w", "citation",
)  # fmt: skip
"""Columns of a file of models."""

SOURCE: Final = "phantomgpu-measure"
GRAPH_RUNTIME: Final = "pytorch-eager(cuda graph)"
"""How operators are timed: kernels of eager PyTorch, replayed without the host."""

DTYPES: Final = ("fp32", "fp16", "bf16")
MODELS: Final[Mapping[str, str]] = {
    "resnet18": "resnet18", "resnet50": "resnet50", "vgg16": "vgg16",
    "densenet121": "densenet121", "mobilenet_v2": "mobilenet-v2",
    "mobilenet_v3_large": "mobilenet-v3-large", "efficientnet_b0": "efficientnet-b0",
    "vit_b_16": "vit-b16",
}  # fmt: skip
"""Id of the built-in model by its name in torchvision."""

ROUGH_STEPS: Final = 3
"""Every so many cases of the full plan make the quick one."""


@dataclass(frozen=True, slots=True)
class OperatorCase:
    """One operator to time.

    Attributes:
        op: As in the rows: ``"matmul"``, ``"conv2d"``, ``"attention_context"``, ...
        dtype: One of ``DTYPES``.
        sizes: By column.
        sub: Which elementwise operator.
    """

    op: str
    dtype: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    sub: str = ""


@dataclass(frozen=True, slots=True)
class ModelCase:
    """One run of a model to time.

    Attributes:
        model: Name in torchvision.
        runtime: ``"pytorch-eager"`` or ``"pytorch-compile"``.
        precision: ``"fp32"``, or ``"amp"`` for fp16 autocast.
        batch: Images.
        image: Their height and width.
    """

    model: str
    runtime: str
    precision: str
    batch: int
    image: int = 224


@dataclass(frozen=True, slots=True)
class Sampled:
    """Repeated timings of the same thing.

    Attributes:
        latency_s: Their median.
        spread: Distance between the quartiles, over the median.
        samples: How many there were.
    """

    latency_s: float
    spread: float
    samples: int


def operator_plan(dtypes: Sequence[str] = DTYPES, *, quick: bool = False) -> list[OperatorCase]:
    """Operators of the sizes that models have, from those that a launch dominates up.

    Args:
        dtypes: Number formats.
        quick: About a third of them.
    """
    cases = [case for dtype in dtypes for case in _operators(dtype)]
    return cases[::ROUGH_STEPS] if quick else cases


def model_plan(models: Sequence[str], batches: Sequence[int]) -> list[ModelCase]:
    """Each model at each batch, eager and compiled, in fp32 and under autocast."""
    return [
        ModelCase(model, runtime, precision, batch)
        for model in models
        for runtime in ("pytorch-eager", "pytorch-compile")
        for precision in ("fp32", "amp")
        for batch in batches
    ]


def sampled(samples_s: Sequence[float]) -> Sampled:
    """Samples as one figure.

    >>> sampled([1.0, 2.0, 9.0]).latency_s
    2.0
    """
    middle = median(samples_s)
    low, _, high = quantiles(samples_s, n=4) if len(samples_s) > 1 else (middle, middle, middle)
    return Sampled(middle, (high - low) / middle, len(samples_s))


def operator_row(
    case: OperatorCase, found: Sampled, *, gpu: str, power_w: float | None, citation: str
) -> dict[str, str]:
    """A row of a file of operators."""
    row = dict.fromkeys(OPERATOR_COLUMNS, "")
    row.update({name: str(size) for name, size in case.sizes.items()})
    row.update(source=SOURCE, gpu=gpu, op=case.op, sub=case.sub, dtype=case.dtype)
    row.update(runtime=GRAPH_RUNTIME, latency_ms=_figure(found.latency_s * 1e3))
    row.update(power_w="" if power_w is None else _figure(power_w), citation=citation)
    return row


def model_row(
    case: ModelCase,
    found: Sampled,
    *,
    gpu: str,
    power_w: float | None,
    version: str,
    citation: str,
) -> dict[str, str]:
    """A row of a file of models."""
    row = dict.fromkeys(MODEL_COLUMNS, "")
    row.update(source=SOURCE, gpu=gpu, model=MODELS.get(case.model, case.model))
    row.update(runtime=case.runtime, runtime_version=version, precision=case.precision)
    row.update(layout="nchw", batch=str(case.batch), input=f"{case.image}x{case.image}")
    row.update(metric="latency_ms", value=_figure(found.latency_s * 1e3))
    row.update(power_w="" if power_w is None else _figure(power_w), citation=citation)
    return row


def _figure(value: float) -> str:
    return f"{value:.6g}"


def _operators(dtype: str) -> Iterator[OperatorCase]:
    """All operators of one number format, small ones first in each family."""
    for k, n in ((768, 3072), (1024, 1024), (4096, 4096), (4096, 11008), (8192, 1024)):
        for m in (1, 8, 64, 256, 1024, 4096):
            yield OperatorCase("matmul", dtype, {"M": m, "N": n, "K": k})
    for batch, m, n, k in ((96, 128, 128, 64), (192, 512, 512, 64), (32, 1024, 128, 1024)):
        yield OperatorCase("bmm", dtype, {"B": batch, "M": m, "N": n, "K": k})
    for batch in (1, 16):
        for cin, cout, size, window in ((64, 64, 56, 3), (128, 128, 28, 3), (256, 1024, 14, 1),
                                        (512, 512, 7, 3), (3, 64, 224, 7)):  # fmt: skip
            sizes = {"B": batch, "Cin": cin, "Cout": cout, "ksize": window, "insize": size,
                     "stride": 2 if window == 7 else 1, "pad": window // 2}  # fmt: skip
            yield OperatorCase("conv2d", dtype, sizes)
    for rows, cols in ((128, 768), (4096, 1024), (16384, 4096)):
        for sub in ("add", "gelu"):
            yield OperatorCase("elementwise", dtype, {"rows": rows, "cols": cols}, sub)
        yield OperatorCase("softmax", dtype, {"rows": rows, "cols": cols})
        yield OperatorCase("layernorm", dtype, {"rows": rows, "cols": cols})
    if dtype == "fp32":
        return  # the fused kernels take 16 bits
    for batch, seq in ((1, 128), (1, 2048), (8, 512), (4, 4096)):
        yield OperatorCase("attention_context", dtype, _heads(batch, 32, seq, seq))
    for batch, kv_len in ((1, 512), (8, 1024), (64, 2048)):
        yield OperatorCase("attention_generation", dtype, _heads(batch, 32, 1, kv_len))


def _heads(batch: int, heads: int, seq: int, kv_len: int) -> dict[str, int]:
    return {"B": batch, "heads": heads, "kv_heads": heads, "head_dim": 128, "seq": seq,
            "kv_len": kv_len}  # fmt: skip
