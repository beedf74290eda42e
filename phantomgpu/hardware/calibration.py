"""The names a ``[calibration]`` table may hold: what each fitted value is, and its limits.

Every value has a default in ``profiles/architectures/default.toml``, which the catalogue lays
under the architecture's file, which it lays under the GPU's, field by field. So a GPU without
measurements gets typical efficiencies, and ``cost`` finds every name.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Parameter:
    """One fitted value.

    Attributes:
        name: Its key in ``[calibration]``.
        low: Smallest value that makes sense.
        high: Largest.
        unit: ``"1"``, ``"s"``, ``"B"``, ``"J/FLOP"``.
        meaning: What it is, for people.
    """

    name: str
    low: float
    high: float
    unit: str
    meaning: str


KERNEL_KINDS: Final[tuple[str, ...]] = (
    "matmul", "conv", "attention", "norm", "pool", "reduce", "pointwise", "move", "gather",
    "quantize", "recurrent", "approximate", "depthwise", "grouped", "decode", "softmax",
    "weight_only", "gemv", "wide", "block_quantize",
)  # fmt: skip
"""Kinds of kernels a runtime may be better or worse at; ``cost.kinds`` tells them apart."""

PARAMETERS: Final[dict[str, Parameter]] = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            "efficiency_fp32", 0.02, 1.5, "1", "share of the fp32 peak that a large tile sustains"
        ),
        Parameter(
            "efficiency_tf32", 0.02, 1.5, "1", "share of the tf32 peak that a large tile sustains"
        ),
        Parameter(
            "efficiency_fp16",
            0.02,
            1.5,
            "1",
            "share of the fp16 or bf16 peak that a large tile sustains",
        ),
        Parameter(
            "efficiency_fp8", 0.02, 1.5, "1", "share of the fp8 peak that a large tile sustains"
        ),
        Parameter(
            "efficiency_int8", 0.02, 1.5, "1", "share of the int8 peak that a large tile sustains"
        ),
        Parameter(
            "step_cycles",
            0.0,
            100.0,
            "clock",
            "latency of an element of 16 bits of the reduced dimension, tensor cores",
        ),
        Parameter(
            "template_step_cycles",
            0.0,
            100.0,
            "clock",
            "latency of an element of 16 bits of the reduced dimension, CUTLASS templates",
        ),
        Parameter(
            "fill_cycles", 10.0, 1e5, "clock", "to fill an SM's shared memory with operands once"
        ),
        Parameter(
            "template_fill_cycles",
            10.0,
            1e5,
            "clock",
            "to fill an SM's shared memory with operands once, CUTLASS templates",
        ),
        Parameter(
            "template_split_cycles",
            0.0,
            1e5,
            "clock",
            "synchronisation of a product split along k, CUTLASS templates",
        ),
        Parameter(
            "step_cycles_fp32",
            0.0,
            1000.0,
            "clock",
            "latency of an element of the reduced dimension, vector units",
        ),
        Parameter(
            "pipeline_depth",
            0.0,
            1e4,
            "1",
            "elements' of 16 bits worth of time to fill and drain a wave, tensor cores",
        ),
        Parameter(
            "pipeline_depth_fp32",
            0.0,
            1e4,
            "1",
            "elements' worth of time to fill and drain a wave, vector units",
        ),
        Parameter(
            "operand_bytes_per_cycle", 1.0, 1e4, "B/clock", "operands an SM takes in, tensor cores"
        ),
        Parameter(
            "operand_bytes_per_cycle_fp32",
            1.0,
            1e4,
            "B/clock",
            "operands an SM takes in, vector units",
        ),
        Parameter(
            "tile_overhead", 0.0, 1e5, "1", "elements of a tile's result whose time feeds the units"
        ),
        Parameter("wave_smoothing", 0.0, 1.0, "1", "0 charges whole waves, 1 fractional ones"),
        Parameter("wave_smoothing_fp32", 0.0, 1.0, "1", "the same, vector units"),
        Parameter(
            "batched_tile_m_fp32",
            0.0,
            512.0,
            "1",
            "rows of the tile of every fp32 batch; 0 where the library looks for one",
        ),
        Parameter("batched_tile_n_fp32", 0.0, 512.0, "1", "its columns"),
        Parameter("batched_efficiency_fp32", 0.1, 1.5, "1", "share of the fp32 peak in that tile"),
        Parameter(
            "reach_bytes", 1e5, 1e12, "B", "spread of an fp32 product's rows that slows it by half"
        ),
        Parameter("reach_cost", 0.0, 20.0, "1", "time more of one spread wider, in shares"),
        Parameter("split_cycles", 0.0, 1e5, "clock", "synchronisation of a product split along k"),
        Parameter("split_cycles_fp32", 0.0, 1e6, "clock", "the same, vector units"),
        Parameter("split_traffic", 0.0, 100.0, "1", "times a partial result crosses the cache"),
        Parameter("misalignment", 1.0, 10.0, "1", "slowdown of unaligned rows, tensor cores"),
        Parameter(
            "image_misalignment", 1.0, 10.0, "1", "slowdown of unaligned images, channels first"
        ),
        Parameter("misalignment_fp32", 1.0, 10.0, "1", "slowdown of unaligned rows, vector units"),
        Parameter(
            "winograd_efficiency", 0.02, 2.0, "1", "products in a Winograd kernel beside plain ones"
        ),
        Parameter(
            "depthwise_efficiency",
            0.001,
            1.0,
            "1",
            "share of the fp32 peak in depthwise convolutions",
        ),
        Parameter(
            "attention_efficiency", 0.02, 2.0, "1", "products inside attention beside plain ones"
        ),
        Parameter("softmax_cycles", 0.0, 10.0, "clock", "one score on an SM, beside the products"),
        Parameter(
            "softmax_sharpness", 1.0, 20.0, "1", "overlap of the products with the exponentials"
        ),
        Parameter("attention_step_cycles", 0.0, 1000.0, "clock", "latency of a key"),
        Parameter(
            "attention_fp8",
            0.1,
            3.0,
            "1",
            "share of a 16-bit product's efficiency, in fp8 attention",
        ),
        Parameter(
            "decode_efficiency", 0.02, 2.0, "1", "products of decoding attention beside plain ones"
        ),
        Parameter("decode_step_cycles", 0.0, 1000.0, "clock", "latency of a key when decoding"),
        Parameter(
            "decode_start_cycles",
            0.0,
            1e6,
            "clock",
            "start and end of a decoding attention kernel, at 1.9 GHz",
        ),
        Parameter(
            "beside_start_cycles",
            0.0,
            1e6,
            "clock",
            "start and end of a copy beside attention, at 1.9 GHz",
        ),
        Parameter(
            "attention_split_cycles", 0.0, 1e6, "clock", "parts of the keys put together again"
        ),
        Parameter(
            "head_block_cycles", 0.0, 1e5, "clock", "start and end of a block that decodes one head"
        ),
        Parameter(
            "whole_block_cycles", 0.0, 1e5, "clock", "start and end of a block that fills an SM"
        ),
        Parameter(
            "decode_element_cycles", 0.0, 100.0, "clock", "an element of a decoding block's result"
        ),
        Parameter("head_key_cycles", 0.0, 1e4, "clock", "one key in such a block"),
        Parameter(
            "unpack_block_cycles", 0.0, 1e6, "clock", "a block more where fp8 is unpacked by hand"
        ),
        Parameter(
            "unpack_cycles", 0.0, 100.0, "clock", "an element of a key more when decoding so"
        ),
        Parameter(
            "decode_sharpness", 1.0, 20.0, "1", "overlap of arithmetic and traffic, decoding"
        ),
        Parameter(
            "attention_start_cycles",
            0.0,
            1e6,
            "clock",
            "start and end of an attention kernel, at 1.9 GHz",
        ),
        Parameter(
            "decode_block_cycles", 0.0, 1e5, "clock", "start and end of a block that decodes"
        ),
        Parameter(
            "attention_block_cycles", 0.0, 1e5, "clock", "start and end of a block of queries"
        ),
        Parameter(
            "vector_efficiency", 0.02, 1.5, "1", "share of the fp32 peak in pointwise arithmetic"
        ),
        Parameter(
            "epilogue_share", 0.02, 2.0, "1", "cost of vector work behind a product, in its kernel"
        ),
        Parameter(
            "special_flops_cost",
            1.0,
            100.0,
            "1",
            "plain operations that one exponential or division costs",
        ),
        Parameter(
            "bandwidth_efficiency",
            0.05,
            1.2,
            "1",
            "share of the peak bandwidth that a long copy reaches",
        ),
        Parameter(
            "ecc_bandwidth",
            0.5,
            1.0,
            "1",
            "share of the bandwidth left where the memory keeps ECC in itself",
        ),
        Parameter(
            "quantize_row_cycles", 0.0, 1e6, "clock", "a row of its own scale, quantised on an SM"
        ),
        Parameter("norm_row_cycles", 0.0, 1e5, "clock", "a row normalised on an SM, however short"),
        Parameter("softmax_row_cycles", 0.0, 1e5, "clock", "the same in a softmax"),
        Parameter("whole_score_cycles", 0.0, 100.0, "clock", "a score where a block holds a head"),
        Parameter("narrow_score_cycles", 0.0, 100.0, "clock", "the same, more, in int8"),
        Parameter("held_cycles", 0.0, 100.0, "clock", "an element of a row kept in registers"),
        Parameter(
            "score_cycles", 0.0, 100.0, "clock", "a score of attention in a softmax of its own"
        ),
        Parameter(
            "cache_bytes_per_cycle", 0.5, 1e3, "B/clock", "SM's side of the last-level cache's rate"
        ),
        Parameter("cache_share", 0.01, 10.0, "1", "usable share of the last-level cache"),
        Parameter(
            "cache_copies", 1.0, 8.0, "1", "parts of that cache that each hold what all SMs read"
        ),
        Parameter("cache_sharpness", 0.2, 10.0, "1", "how suddenly the cache overflows"),
        Parameter("roofline_sharpness", 1.0, 20.0, "1", "how well arithmetic and traffic overlap"),
        Parameter(
            "product_sharpness_fp32", 1.0, 20.0, "1", "how well an fp32 product overlaps them"
        ),
        Parameter("product_sharpness", 1.0, 20.0, "1", "the same in a product of a single step"),
        Parameter(
            "overlap_growth", 0.0, 5.0, "1", "what it gains with the logarithm of a product's steps"
        ),
        Parameter("start_cycles", 0.0, 1e6, "clock", "start and end of one kernel"),
        Parameter("product_start_cycles", 0.0, 1e6, "clock", "start and end of a matrix product"),
        Parameter("product_start_cycles_fp32", 0.0, 1e6, "clock", "the same, vector units"),
        Parameter("joule_per_flop_fp32", 0.0, 1e-9, "J/FLOP", "switching energy, vector units"),
        Parameter(
            "joule_per_flop_fp16", 0.0, 1e-9, "J/FLOP", "switching energy, tensor cores, 16 bits"
        ),
        Parameter("joule_per_byte", 0.0, 1e-8, "J/B", "energy of the memory"),
        Parameter("static_power_w", 0.0, 500.0, "W", "drawn by any board without switching"),
        Parameter("clock_headroom", 1.0, 1.5, "1", "clock a board boosts to, over the stated one"),
        Parameter("nominal_clock_hz", 1e8, 1e10, "Hz", "clock the joules are stated at"),
        Parameter(
            "static_power_share", 0.0, 0.95, "1", "share of the power limit drawn without switching"
        ),
        Parameter("throttle_exponent", 0.1, 1.5, "1", "clock against excess power"),
        Parameter(
            "throttle_settle_s", 0.0, 10.0, "s", "run length at which half of the throttling shows"
        ),
        Parameter(
            "interval_scale", 0.1, 20.0, "1", "of a lone kernel's interval, for less known boards"
        ),
        Parameter("spread_run", 0.0, 3.0, "1", "ln(error) that 80 % of runs of models stay below"),
        Parameter(
            "spread_unmeasured_runtime", 0.0, 3.0, "1", "the same under a runtime without such rows"
        ),
        *(
            Parameter(f"spread_{kind}", 0.0, 3.0, "1", f"the same for a {kind} kernel alone")
            for kind in KERNEL_KINDS
        ),
    )
}
"""All of them, by name."""

RUNTIME_PARAMETERS: Final[dict[str, Parameter]] = {
    parameter.name: parameter
    for parameter in (
        Parameter("start_share", 0.0, 3.0, "1", "part of a kernel's start that neighbours leave"),
        *(
            Parameter(f"start_{kind}", 0.05, 20.0, "1", f"start of its {kind} kernels, likewise")
            for kind in ("attention", "decode")
        ),
        Parameter("slow_launch_us", 0.0, 100.0, "us", "more in the gap before a kernel, see there"),
        Parameter("version", 0.0, 1e4, "1", "version that the values stand for"),
        Parameter("older_version", 0.0, 1.0, "1", "ln(slowdown) by each version number of age"),
        Parameter("spread_run", 0.0, 3.0, "1", "ln(error) that 80 % of its runs stay below"),
        Parameter("spread_run_fp32", 0.0, 3.0, "1", "the same of its runs in fp32, if known apart"),
        Parameter(
            "spread_run_elsewhere", 0.0, 3.0, "1", "the same on architectures that none ran on"
        ),
        *(
            Parameter(f"runs_{kind}", 0.0, 1e6, "1", f"measured runs that {kind} kernels shape")
            for kind in KERNEL_KINDS
        ),
        *(
            Parameter(
                f"spread_{kind}{suffix}", 0.0, 3.0, "1", f"the same for its {kind} kernels{where}"
            )
            for kind in KERNEL_KINDS
            for suffix, where in (("", ", fp32 apart"), ("_fp32", " in fp32"))
        ),
        Parameter("run_slowdown", 0.5, 2.0, "1", "a run beside the sum of kernels timed alone"),
        *(
            Parameter(f"slowdown_{kind}", 0.1, 20.0, "1", f"its {kind} kernels beside the best")
            for kind in KERNEL_KINDS
        ),
        Parameter("alone_behind", 0.0, 1.0, "1", "part of it that passes after the launch"),
        Parameter("alone_scalar", 0.1, 10.0, "1", "of it where a number is wrapped as a tensor"),
        Parameter("alone_linear", 0.1, 10.0, "1", "of it where a layer adds a bias"),
        Parameter("alone_rocm", 0.1, 10.0, "1", "of it on AMD boards"),
        *(
            Parameter(f"alone_{kind}_s", 0.0, 0.1, "s", f"host time in a stopwatch on one {kind}")
            for kind in KERNEL_KINDS
        ),
    )
}
"""The same for the ``[calibration]`` table of a runtime; what is absent is 1, or no time."""
