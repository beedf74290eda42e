"""How far a good model may be off a row: what two measurements of the same work differ by."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.table import Array, Table

USUAL = 0.08
HARD = 0.15
MODEL = 0.06

LONG_MODEL = 0.03
"""Of NeuSight's models: hundreds of milliseconds, and few rows that stand for much."""

NARROW = ("fp8", "fp8_block", "sq", "int8_wo", "int4_wo")


HOST = 5.0
"""Of rows that show the host and hardly the kernel."""


def shows_kernels(table: Table) -> NDArray[np.bool_]:
    """Whether a row tells how long its kernels took. [run]."""
    return np.asarray(noise_of(table) < HOST)


def noise_of(table: Table) -> Array:
    """Spread of the log error of each run. [run].

    Operators whose library chooses between very different kernels count less; rows that show the
    host or a hot board instead of the kernel hardly count.
    """
    source, op, dtype, gpu, runtime = (table.label[:, at] for at in range(5))
    noise = np.full(len(table), USUAL)
    noise[np.char.startswith(op, "attention") | (op == "conv2d")] = HARD
    noise[np.isin(dtype, NARROW)] = 1.5 * USUAL
    # Two sessions whose hosts differ by 1.6: layer norms are of one, softmax of the other.
    noise[(gpu == "p100-pcie-16gb") & table.is_alone & (op != "conv2d")] = HARD
    # Kernels of each library's own, half as fast as cuBLAS's on some boards.
    noise[dtype == "fp8_block"] = 2.0 * HARD
    noise[table.is_model] = MODEL
    noise[source == "timm"] = USUAL
    noise[table.is_model & (source == "neusight")] = LONG_MODEL
    # llama.cpp changes its prompt kernels every few months; decoding is bound by memory.
    is_llama = source == "xiongjiedai-llamacpp"
    noise[is_llama] = USUAL
    noise[is_llama & (table.kernels.m[table.starts] > 1.0)] = HARD
    # A P4 without air: half its rows were taken at a third of the clock of the others.
    noise[gpu == "p4"] = 2.0 * HARD
    noise[(gpu == "p4") & (op == "linear")] = 4.0 * HARD
    noise[np.isin(gpu, ("p4", "t4")) & (op == "bmm")] = HARD
    noise[(gpu == "t4") & (op == "linear")] = HARD
    # Timed without a CUDA graph: 55 to 300 us of Python in each.
    noise[(dtype == "fp8_block") & np.char.startswith(runtime, "vllm")] = HOST
    return noise
