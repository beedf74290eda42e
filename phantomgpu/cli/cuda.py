"""The only module that touches a GPU: operators and models on CUDA through PyTorch, and NVML.

Imported by ``phantomgpu measure`` alone; PyTorch and pynvml inside functions, since nothing else
of the program needs them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from phantomgpu.errors import SourceError
from phantomgpu.validation.plan import ModelCase, OperatorCase

WARM_UP: Final = 5
LEAST_SAMPLE_S: Final = 2e-3
"""Launches are repeated until a sample lasts as long: CUDA events tell half a microsecond."""
MOST_LAUNCHES: Final = 200
POWER_S: Final = 0.3
"""How long power is watched: NVML averages over some tens of milliseconds."""

Launch = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Device:
    """The first CUDA GPU.

    Attributes:
        torch: The module.
        name: As the driver calls the GPU.
        version: Of PyTorch and CUDA.
    """

    torch: Any
    name: str
    version: str


def open_device() -> Device:
    """The GPU that is there.

    Raises:
        SourceError: PyTorch or a CUDA GPU is missing.
    """
    try:
        import torch
    except ImportError as error:
        raise SourceError(
            "PyTorch is not installed, and measuring needs it",
            where="phantomgpu measure",
            fix="pip install 'phantomgpu[measure]' on the machine with the GPU",
        ) from error
    if not torch.cuda.is_available():
        raise SourceError(
            "PyTorch finds no CUDA GPU",
            where=f"torch {torch.__version__}",
            fix="run this on a machine with an NVIDIA GPU and its driver; the figures of this one "
            "cannot be measured",
        )
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    version = f"{torch.__version__} (cuda {torch.version.cuda})"
    return Device(torch, torch.cuda.get_device_name(0), version)


def operator_samples(device: Device, case: OperatorCase, samples: int) -> list[float]:
    """Seconds of one launch, from a CUDA graph of many, so that the host is not timed."""
    torch = device.torch
    launch = _operator(torch, case)
    with torch.inference_mode():
        _warm(torch, launch)
        once_s = _timed(torch, launch)
        count = max(1, min(MOST_LAUNCHES, round(LEAST_SAMPLE_S / max(once_s, 1e-6))))
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(count):
                launch()
        graph.replay()
        return [_timed(torch, graph.replay) / count for _ in range(samples)]


def model_samples(device: Device, case: ModelCase, samples: int) -> list[float]:
    """Seconds of one run from the call to the end of its last kernel.

    Raises:
        SourceError: torchvision is missing.
    """
    torch = device.torch
    run = _model(torch, case)
    with torch.inference_mode():
        _warm(torch, run)
        return [_timed(torch, run) for _ in range(samples)]


def power_w(device: Device, run: Launch) -> float | None:
    """Mean board power while something runs over and over; None where NVML does not answer."""
    try:
        import pynvml

        pynvml.nvmlInit()
        board = pynvml.nvmlDeviceGetHandleByIndex(0)
        readings, end = [], time.perf_counter() + POWER_S
        while time.perf_counter() < end:
            run()
            readings.append(pynvml.nvmlDeviceGetPowerUsage(board) / 1e3)
        device.torch.cuda.synchronize()
    except Exception:  # every failure of an optional driver interface means: no reading
        return None
    half = readings[len(readings) // 2 :]
    return sum(half) / len(half) if half else None


def operator_launch(device: Device, case: OperatorCase) -> Launch:
    """The operator as a call, for ``power_w``."""
    return _operator(device.torch, case)


def _timed(torch: Any, run: Launch) -> float:
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    run()
    end.record()
    torch.cuda.synchronize()
    return float(start.elapsed_time(end)) / 1e3


def _warm(torch: Any, run: Launch) -> None:
    for _ in range(WARM_UP):
        run()
    torch.cuda.synchronize()


def _operator(torch: Any, case: OperatorCase) -> Launch:
    dtype = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[case.dtype]
    size = case.sizes
    functional = torch.nn.functional

    def tensor(*shape: int) -> Any:
        return torch.randn(*shape, device="cuda", dtype=dtype)

    if case.op == "matmul":
        x, w = tensor(size["M"], size["K"]), tensor(size["N"], size["K"])
        return lambda: functional.linear(x, w)
    if case.op == "bmm":
        a = tensor(size["B"], size["M"], size["K"])
        b = tensor(size["B"], size["K"], size["N"])
        return lambda: torch.bmm(a, b)
    if case.op == "conv2d":
        image = tensor(size["B"], size["Cin"], size["insize"], size["insize"])
        kernel = tensor(size["Cout"], size["Cin"], size["ksize"], size["ksize"])
        return lambda: functional.conv2d(image, kernel, stride=size["stride"], padding=size["pad"])
    if case.op.startswith("attention"):
        query = tensor(size["B"], size["heads"], size["seq"], size["head_dim"])
        key, value = (
            tensor(size["B"], size["kv_heads"], size["kv_len"], size["head_dim"]) for _ in range(2)
        )
        causal = size["seq"] > 1
        return lambda: functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
    x, y = tensor(size["rows"], size["cols"]), tensor(size["rows"], size["cols"])
    by_name: dict[str, Launch] = {
        "softmax": lambda: torch.softmax(x, dim=-1),
        "layernorm": lambda: functional.layer_norm(x, (size["cols"],)),
        "add": lambda: torch.add(x, y),
        "gelu": lambda: functional.gelu(x),
    }
    return by_name[case.sub or case.op]


def _model(torch: Any, case: ModelCase) -> Launch:
    try:
        import torchvision
    except ImportError as error:
        raise SourceError(
            "torchvision is not installed, and measuring models needs it",
            where="phantomgpu measure models",
            fix="pip install 'phantomgpu[measure]' on the machine with the GPU",
        ) from error
    model = torchvision.models.get_model(case.model, weights=None).eval().cuda()
    if case.runtime == "pytorch-compile":
        model = torch.compile(model)
    image = torch.randn(case.batch, 3, case.image, case.image, device="cuda")

    def run() -> Any:
        if case.precision != "amp":
            return model(image)
        with torch.autocast("cuda", dtype=torch.float16):
            return model(image)

    return run
