"""Every key a profile may have: its unit, range and meaning, once.

The validator (``check``), the JSON Schema for editors and the reference page
(``reference``) are all made from these tables, so they cannot disagree.

Sizes (``memory_gb``, ``l2_mb``, ``shared_kb_per_sm``) are binary, because memory
is built in powers of two: the "80 GB" of a data sheet are 80 x 2^30 bytes.
Rates (``bandwidth_gb_per_s``, ``peak_tflops``) are decimal, as data sheets mean them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from phantomgpu.dtype import PRECISIONS
from phantomgpu.hardware.calibration import PARAMETERS, RUNTIME_PARAMETERS, Parameter

Kind = Literal["text", "integer", "number", "texts"]


@dataclass(frozen=True, slots=True)
class Slip:
    """A unit people write by mistake.

    Attributes:
        unit: The mistaken unit: ``"TB/s"``.
        factor: What turns a value in it into one in the right unit: ``1000``.
    """

    unit: str
    factor: float


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a profile.

    Attributes:
        path: Dotted place in the file; a part ``*`` stands for any name, a last
            part ``**`` for one or more.
        kind: What its value is.
        meaning: One sentence for people.
        unit: As data sheets write it; empty where there is none.
        low: Smallest number that can be right.
        high: Largest number that can be right.
        required: Whether a profile is incomplete without it.
        one_of: The only texts allowed; empty where any is.
        slips: Units a number out of range is probably in.
    """

    path: str
    kind: Kind
    meaning: str
    unit: str = ""
    low: float = 0.0
    high: float = math.inf
    required: bool = False
    one_of: tuple[str, ...] = ()
    slips: tuple[Slip, ...] = ()


_MHZ: Final = (Slip("GHz", 1e3), Slip("Hz", 1e-6))
_TFLOPS: Final = (Slip("FLOP/s", 1e-12), Slip("GFLOPS", 1e-3))
_GB_PER_S: Final = (Slip("TB/s", 1e3), Slip("MB/s", 1e-3), Slip("bytes/s", 1e-9))

STATUS: Final[dict[str, str]] = {
    "V": "peaks and bandwidth seen in a published source",
    "C": "whitepaper values that SMs x clock x FLOP per clock reproduce",
    "D": "data-sheet values not read again; checked by the same arithmetic",
    "U": "estimate: the vendor publishes no such figure",
}
"""How far a profile's figures were checked."""

VENDORS: Final = ("nvidia", "amd", "intel", "apple")

PEAKS: Final[dict[str, str]] = {
    "fp64": "Vector units, 64 bit.",
    "fp64_matrix": "Matrix units, 64 bit.",
    "fp32": "Vector units, 32 bit.",
    "fp32_matrix": "Matrix units on fp32 operands (AMD); TF32 is not that.",
    "tf32": "Matrix units, TF32 operands.",
    "fp16": "Matrix units (or packed vector units), fp16 operands, fp32 accumulation.",
    "bf16": "Matrix units, bf16 operands, fp32 accumulation.",
    "fp8": "Matrix units, fp8 operands, fp32 accumulation.",
    "fp4": "Matrix units, fp4 operands, fp32 accumulation.",
    "int8": "Matrix units (or DP4A on the vector units), int8 operands; TOPS.",
    "int4": "Matrix units, int4 operands; TOPS.",
}
"""Peaks a board may have, one key each in ``[spec.peak_tflops]``."""


def _peaks(table: str, names: Iterable[str], *, note: str = "") -> tuple[Key, ...]:
    return tuple(
        Key(f"{table}.{name}", "number", f"{PEAKS[name]}{note}", "TFLOPS", 0.01, 100_000,
            required=(table, name) == ("spec.peak_tflops", "fp32"), slips=_TFLOPS)
        for name in names
    )  # fmt: skip


def _calibration(
    parameters: Mapping[str, Parameter], table: str = "calibration"
) -> tuple[Key, ...]:
    return (
        Key(f"{table}.fitted_on", "text", "The data the values were fitted on, in words."),
        *(Key(f"{table}.{p.name}", "number", p.meaning, p.unit, p.low, p.high)
          for p in parameters.values()),
    )  # fmt: skip


_SOURCES: Final = Key(
    "sources.**", "text",
    "Where a value comes from, by dotted key. A table's name covers every value in it "
    "that has no line of its own.",
)  # fmt: skip

GPU: Final[tuple[Key, ...]] = (
    Key("name", "text", "For people.", required=True),
    Key("extends", "text", "Id of the profile this one is a variant of: what is absent here is "
        "taken from there, `peak_tflops` only as a whole."),
    Key("status", "text", "How far the figures were checked.", one_of=tuple(STATUS)),
    Key("spec.vendor", "text", "Who makes it.", required=True, one_of=VENDORS),
    Key("spec.architecture", "text", "Id of a file in `architectures/`; gives the calibration of "
        "boards that were never measured.", required=True),
    Key("spec.sm", "text", "Which of the architecture's SMs it has: a table `[sm.*]` there, whose "
        "rates the peaks are checked against."),
    Key("spec.sm_count", "integer", "Streaming multiprocessors (NVIDIA), compute units (AMD), "
        "Xe cores (Intel), GPU cores (Apple).", "", 1, 4096, required=True),
    Key("spec.base_clock_mhz", "number", "Guaranteed clock.", "MHz", 100, 5000, slips=_MHZ),
    Key("spec.boost_clock_mhz", "number", "Clock the vector peaks are stated at.", "MHz", 100,
        5000, required=True, slips=_MHZ),
    Key("spec.tensor_clock_mhz", "number", "Clock the matrix peaks are stated at, where it is not "
        "the boost clock.", "MHz", 100, 5000, slips=_MHZ),
    Key("spec.memory_gb", "number", "Capacity; x 2^30 bytes, as memory chips are built.", "GB", 0.5,
        4096, required=True, slips=(Slip("MB", 2**-10), Slip("bytes", 2**-30), Slip("TB", 2**10))),
    Key("spec.usable_memory_gb", "number", "What the driver leaves of it; x 2^30 bytes. ECC kept "
        "in the memory itself takes a sixteenth: 15/16 says that it is on, and costs bandwidth.",
        "GB", 0.5, 4096, slips=(Slip("MB", 2**-10), Slip("bytes", 2**-30))),
    Key("spec.bandwidth_gb_per_s", "number", "Peak of the board's memory; x 10^9 bytes per second.",
        "GB/s", 10, 50_000, required=True, slips=_GB_PER_S),
    Key("spec.l2_mb", "number", "Last-level cache on the die; x 2^20 bytes.", "MB", 0.1, 4096,
        required=True, slips=(Slip("KB", 2**-10), Slip("bytes", 2**-20))),
    Key("spec.shared_kb_per_sm", "number", "Shared (local) memory of one SM; x 2^10 bytes.", "KB",
        8, 2048, required=True, slips=(Slip("bytes", 2**-10), Slip("MB", 2**10))),
    Key("spec.tdp_w", "number", "Board power limit.", "W", 3, 5000, required=True,
        slips=(Slip("kW", 1e3), Slip("mW", 1e-3))),
    Key("spec.idle_w", "number", "Power at rest.", "W", 0.1, 1000, slips=(Slip("mW", 1e-3),)),
    *_peaks("spec.peak_tflops", PEAKS),
    *_peaks("spec.peak_tflops_fp16_accumulate", ("fp16", "fp8"),
            note=" Here with fp16 accumulation."),
    Key("board.compute_capability", "text", "Of the GPU, as its vendor names it."),
    Key("board.memory_type", "text", "Kind of memory."),
    Key("board.bus_bits", "integer", "Width of the memory bus.", "bit", 32, 65_536),
    Key("board.host_link_gb_per_s", "number", "To the host, one direction.", "GB/s", 1, 2000),
    Key("board.gpu_link_gb_per_s", "number", "To other GPUs, all links, both directions.", "GB/s",
        1, 10_000),
    Key("board.launched", "text", "Date, as 2022-10-12."),
    Key("board.msrp_usd", "number", "List price at launch.", "USD", 10, 200_000),
    Key("board.max_temperature_c", "number", "Above it the clock is lowered.", "°C", 50, 130),
    Key("board.slowdown_temperature_c", "number", "Above it the clock is halved.", "°C", 50, 130),
    Key("board.shutdown_temperature_c", "number", "Above it the board turns off.", "°C", 50, 130),
    *_calibration(PARAMETERS),
    Key("measured.*.model", "text", "A model that was measured on this board; the table's name is "
        "free. `phantomgpu calibrate` writes these."),
    Key("measured.*.graph", "text", "SHA-256 of its file."),
    Key("measured.*.runtime", "text", "Id of the runtime it was measured in."),
    Key("measured.*.factor", "number", "What predicted times of this model in this runtime are "
        "multiplied by, on every GPU.", "", 0.1, 10),
    Key("measured.*.rows", "integer", "How many measurements that stands on.", "", 1, 1_000_000),
    _SOURCES,
)  # fmt: skip
"""Keys of ``gpus/<id>.toml``."""

ARCHITECTURE: Final[tuple[Key, ...]] = (
    Key("name", "text", "For people.", required=True),
    Key("vendor", "text", "Who makes it.", one_of=VENDORS),
    *(Key(f"sm.*.{name}", "number", f"Dense, per clock and SM. {meaning}", "FLOP/clock", 1, 1e6)
      for name, meaning in PEAKS.items()),
    Key("sm.*.fp16_accumulate", "number", "Dense fp16, per clock and SM, with fp16 accumulation.",
        "FLOP/clock", 1, 1e6),
    Key("sm.*.fp8_accumulate", "number", "Dense fp8, per clock and SM, with fp16 accumulation.",
        "FLOP/clock", 1, 1e6),
    Key("sm.*.vector", "texts", "Those that run on the vector units: int8 by DP4A, packed fp16.",
        one_of=tuple(PEAKS)),
    *_calibration(PARAMETERS),
    *_calibration(PARAMETERS, "sm_calibration.*"),
    _SOURCES,
)  # fmt: skip
"""Keys of ``architectures/<id>.toml``."""

RUNTIME: Final[tuple[Key, ...]] = (
    Key("name", "text", "For people.", required=True),
    Key("extends", "text", "Id of the runtime this one is a variant of."),
    Key("precisions", "texts", "What it can run.", required=True, one_of=tuple(PRECISIONS)),
    Key("vendors", "texts", "Whose GPUs it runs on.", required=True, one_of=VENDORS),
    Key("models", "text", "What it serves: `any` model, which is also meant where the key is left "
        "out, or `language` models only; the page offers it for those alone.",
        one_of=("any", "language")),
    Key("graph.fusion", "texts", "Fusion rules it applies, in order; `docs/fusion.md` lists them.",
        required=True),
    Key("graph.casts", "text", "`none`: weights and activations are stored at the precision; "
        "`autocast`: weights stay fp32 and are cast on the way in.", required=True,
        one_of=("none", "autocast")),
    Key("cost.launch_us", "number", "Gap on the GPU between two dependent kernels.", "µs", 0, 1000,
        required=True),
    Key("cost.dispatch_us", "number", "Host time to issue one kernel; hidden behind longer "
        "kernels.", "µs", 0, 10_000, required=True),
    Key("cost.start_us", "number", "Host and synchronisation time of one whole run.", "µs", 0, 1e6,
        required=True),
    Key("memory.context_mb", "number", "Device memory the runtime itself holds; x 2^20 bytes.",
        "MB", 0, 65_536, required=True),
    Key("memory.workspace_mb", "number", "Scratch memory for its kernels; x 2^20 bytes.", "MB", 0,
        65_536, required=True),
    Key("serving.batching", "text", "`in-flight`: a request joins the running ones at the next "
        "step; `static`: all prompts first, then all sequences grow together.",
        one_of=("in-flight", "static")),
    Key("serving.chunk_tokens", "integer", "Most prompt tokens of one pass; 0 processes a prompt "
        "whole.", "tokens", 0, 1_048_576),
    Key("serving.memory_share", "number", "Part of the board's memory that it takes, for all "
        "that it needs.", "1", 0.1, 1),
    Key("serving.cache_share", "number", "Part of what all else leaves of that, which the cache "
        "may fill.", "1", 0.1, 1),
    Key("serving.result_steps", "number", "Steps between the one that makes a token and the one "
        "that returns it.", "1", 0, 4),
    Key("serving.row_operations", "number", "Operations of the ordinary units for one multiply-add "
        "of a single row by weights of 16 bits; 0 where the matrix units do that.", "1", 0, 100),
    Key("serving.library_rows", "integer", "Rows above which a product goes to a library that "
        "multiplies 16 bits and adds up in 16: weights are unpacked and activations of 32 bits "
        "converted around it, attention over a prompt is two such products; 0 for none.", "", 0,
        1_000_000),
    Key("serving.request_us", "number", "Host time of a request beside its steps.", "µs", 0, 1e6),
    Key("serving.prompt_slowdown", "number", "A pass over a prompt beside what its kernels take.",
        "1", 0.5, 3),
    Key("serving.step_slowdown", "number", "A step beside what its kernels take.", "1", 0.5, 3),
    Key("serving.spread_ttft", "number", "ln(error) that 80 % of times to first token stay below.",
        "1", 0, 3),
    Key("serving.spread_tpot", "number", "ln(error) that 80 % of times per output token stay "
        "below.", "1", 0, 3),
    Key("serving.quantises", "texts", "Precisions at which activations are narrowed in kernels of "
        "their own, one in front of each dense product.", one_of=tuple(PRECISIONS)),
    Key("serving.kept", "texts", "Modules that its narrow files keep in 16 bits: `lm_head`, the "
        "last product, and `gate`, the router of a mixture of experts.",
        one_of=("lm_head", "gate")),
    *(Key(f"serving.head_bits.{name}", "number",
          f"Stored bits of a weight of `lm_head` in {name}, its scales included; 16 where it is "
          "kept and nothing is said.", "bit", 1, 32)
      for name in PRECISIONS),
    *(Key(f"serving.weight_bits.{name}", "number",
          f"Stored bits of a weight in {name}, its scales included.", "bit", 1, 32)
      for name in PRECISIONS),
    Key("kernels.decode_group_least", "integer", "Fewest query heads to a KV head that share a "
        "block of its decoding kernel; with fewer, each has a block that reads the keys for "
        "itself.", "", 1, 1_000_000),
    Key("kernels.decode_group_most", "integer", "Most of them, likewise.", "", 1, 1_000_000),
    Key("kernels.prompt_group_most", "integer", "Most query heads to a KV head that share a block "
        "of its prompt kernel.", "", 1, 1_000_000),
    Key("kernels.packs_prompts_on", "text", "Id of an architecture on which that kernel takes all "
        "of a group."),
    Key("kernels.prompt_least", "integer", "Fewest new tokens of a sequence that take its prompt "
        "kernel; with fewer, a block takes all of a group.", "tokens", 1, 1024),
    Key("kernels.whole_products", "texts", "Peaks whose matrix products it never splits along the "
        "reduced dimension; those with narrower weights are never split.", one_of=tuple(PEAKS)),
    Key("kernels.vector_rows_most", "integer", "Rows up to which it leaves int8 products to the "
        "vector units.", "", 0, 1024),
    Key("kernels.transposes_convs_on", "texts", "Ids of architectures on which convolutions in 16 "
        "bits or tf32 read and write transposed copies of channels-first images; those with a "
        "window of one only where no vector load divides the image."),
    Key("kernels.unpacks_fp8_on", "text", "Id of an architecture on which its attention kernels "
        "turn fp8 into 16 bits themselves: slower blocks, keys not split when decoding, prompts "
        "with heads other than 128 wide at 16-bit rates."),
    Key("kernels.swaps_groups_on", "texts", "Ids of architectures on which a single query takes "
        "FlashAttention-2: the heads of a group become its queries, and only then are the keys "
        "split."),
    Key("kernels.decodes_alone_on", "texts", "Ids of architectures on which groups below "
        "`decode_group_least` decode with a block for each head, and a block of a larger group has "
        "an SM to itself, but for fp8 keys."),
    Key("kernels.fills_rows_on", "texts", "Ids of architectures on which a decoding block has room "
        "for 64 queries, used or not."),
    Key("kernels.narrows_queries_on", "texts", "Ids of architectures on which queries in 16 bits "
        "over an fp8 cache are made fp8 in a kernel of its own."),
    Key("kernels.multiplies_fp8_on", "texts", "Ids of architectures on which prompts over an fp8 "
        "cache are multiplied in fp8."),
    Key("kernels.unfused_on", "texts", "Ids of architectures on which attention over a prompt is "
        "two batched products around a softmax: it has no fused kernel there."),
    Key("kernels.whole_heads_most", "integer", "Queries of a sequence up to which a block of its "
        "prompt kernel holds all of a head's; beyond, 128 at most.", "tokens", 0, 1_000_000),
    Key("kernels.held_columns_most", "integer", "Elements up to which its normalisations keep a "
        "row in registers: it is read once, and added up once.", "", 0, 1_000_000),
    Key("kernels.slow_launch_on", "texts", "Ids of architectures on which the gap before a kernel "
        "is longer, by `calibration.slow_launch_us`."),
    Key("kernels.borrows_on", "texts", "Ids of architectures on which its attention kernels are "
        "those of another runtime."),
    Key("kernels.borrows_from", "texts", "Ids of these runtimes, one for each of them."),
    *_calibration(RUNTIME_PARAMETERS),
    Key("calibration.measured_on", "texts", "Ids of the architectures that whole models were timed "
        "on; on others `calibration.spread_run_elsewhere` counts."),
    _SOURCES,
)  # fmt: skip
"""Keys of ``runtimes/<id>.toml``."""

SCHEMAS: Final[dict[str, tuple[Key, ...]]] = {
    "gpus": GPU,
    "architectures": ARCHITECTURE,
    "runtimes": RUNTIME,
}
"""Keys by the folder a profile lies in."""
