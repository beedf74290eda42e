"""A GPU as a profile describes it: published dense figures, and what was fitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Basis = Literal["calibrated", "architecture", "spec"]
"""Where a GPU's calibration comes from: its own measurements, its architecture's, or none."""


@dataclass(frozen=True, slots=True)
class Spec:
    """Published figures of one board, one SKU, all dense.

    Attributes:
        vendor: ``"nvidia"``, ``"amd"``, ``"intel"``.
        architecture: Id of an architecture, ``"ampere"``; picks the default calibration.
        sm_count: Streaming multiprocessors (NVIDIA) or compute units (AMD).
        base_clock_hz: Guaranteed clock; 0 where unknown.
        boost_clock_hz: Clock the vector peaks are stated at.
        memory_bytes: Capacity, as far as programs can use it.
        bandwidth_bytes_per_s: Peak, of the board's memory.
        l2_bytes: Last-level cache on the die.
        shared_bytes_per_sm: Shared memory of one SM.
        peak_flops_per_s: Dense matrix peak by precision ("fp32", "tf32", "fp16", "bf16", "fp8",
            "int8", "int4", "fp4", "fp64"), fp16 with fp32 accumulation. A precision that is not
            there is not supported. "fp32" and "fp64" are vector peaks; "fp32_matrix" and
            "fp64_matrix" those of the matrix units, where they take such operands.
        fp16_accumulate_flops_per_s: fp16 peak with fp16 accumulation; 0 where none is stated.
        tdp_w: Board power limit.
        idle_w: Power at rest; 0 where unknown.
        tensor_clock_hz: Clock the matrix peaks are stated at; 0 where that is the boost clock.
        fp8_accumulate16_flops_per_s: fp8 peak with fp16 accumulation; 0 where none is stated.
        ecc_in_memory: Whether the memory keeps ECC in itself, as GDDR does: it takes a sixteenth
            of it, and bandwidth.
    """

    vendor: str
    architecture: str
    sm_count: int
    base_clock_hz: float
    boost_clock_hz: float
    memory_bytes: int
    bandwidth_bytes_per_s: float
    l2_bytes: int
    shared_bytes_per_sm: int
    peak_flops_per_s: Mapping[str, float]
    fp16_accumulate_flops_per_s: float
    tdp_w: float
    idle_w: float
    tensor_clock_hz: float = 0.0
    fp8_accumulate16_flops_per_s: float = 0.0
    ecc_in_memory: bool = False


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted values of the cost model for one GPU.

    Attributes:
        values: By parameter name (``hardware/calibration.py`` lists them), merged field by field:
            architecture default, then GPU, then the user's file.
        basis: What the most specific of those layers is.
        fitted_on: The data, in words: ``"1,204 rows of neusight and aiconfigurator"``.
    """

    values: Mapping[str, float]
    basis: Basis
    fitted_on: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model that was measured on a board: what its predictions are off by wherever it runs.

    Attributes:
        model: What people call it.
        graph: SHA-256 of its file.
        runtime: Id of the runtime it was measured in.
        factor: To multiply predicted times by, on every GPU.
        rows: How many measurements that stands on.
    """

    model: str
    graph: str
    runtime: str
    factor: float
    rows: int


@dataclass(frozen=True, slots=True)
class GpuProfile:
    """One profile file, checked.

    Attributes:
        id: The file's name without ``.toml``.
        name: For people.
        spec: Published figures.
        calibration: Fitted figures.
        sources: Where each value comes from, by dotted key: ``"spec.memory_gb"``.
        warnings: What looks odd but is allowed (a sparse-looking peak, ...).
        origin: The path it was read from.
        status: How far the figures were checked, a key of ``schema.STATUS``; empty if not said.
        board: Facts that no estimate needs (launch date, list price, links, temperatures), by
            their key in ``[board]``, in its unit.
        measured: Models that were measured on it, which makes their predictions better elsewhere.
    """

    id: str
    name: str
    spec: Spec
    calibration: Calibration
    sources: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    origin: str = ""
    status: str = ""
    board: Mapping[str, str | float] = field(default_factory=dict)
    measured: tuple[MeasuredModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Sm:
    """One kind of SM of an architecture.

    Attributes:
        flops_per_clock: Dense rate by precision; ``"fp16_accumulate"`` and ``"fp8_accumulate"``
            with fp16 accumulation.
        vector: Precisions of those that run on the vector units: int8 by DP4A, packed fp16.
    """

    flops_per_clock: Mapping[str, float]
    vector: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture file, checked.

    Attributes:
        id: The file's name without ``.toml``.
        name: For people.
        vendor: Whose.
        sms: Its kinds of SM by name: ``"ga100"``.
    """

    id: str
    name: str
    vendor: str
    sms: Mapping[str, Sm]
