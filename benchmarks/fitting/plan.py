"""What is fitted, where it starts, and how sure one is of that before any row is looked at.

All values are fitted as logarithms; a ``sigma`` of 0.1 is ten percent. Starting
points are published figures or what microbenchmarks report, as the comments say.
"""

from collections.abc import Mapping
from typing import Final

START: Final[Mapping[str, tuple[float, float]]] = {
    # CUTLASS and cuBLAS reach 85 to 95 % of a dense peak with large tiles.
    "efficiency_fp32": (0.95, 0.02), "efficiency_tf32": (0.80, 0.0),
    "efficiency_fp16": (0.97, 0.02), "efficiency_fp8": (0.75, 0.15), "efficiency_int8": (0.9, 0.1),
    # Latency hidden by neither a small tile nor few warps: tens of cycles over a few elements.
    "step_cycles": (1.3, 0.5), "step_cycles_fp32": (150.0, 0.5),
    # A memory's latency: with so much in flight an SM takes in its shared memory once in it.
    "fill_cycles": (800.0, 0.3), "template_fill_cycles": (2500.0, 0.5),
    # Estimates: an instance of CUTLASS's templates has fewer stages to hide a latency behind.
    "template_step_cycles": (2.0, 0.5), "template_split_cycles": (8000.0, 0.5),
    "pipeline_depth": (130.0, 0.5), "pipeline_depth_fp32": (8.0, 0.5),
    "operand_bytes_per_cycle": (400.0, 0.4), "operand_bytes_per_cycle_fp32": (33.0, 0.1),
    # Half the throughput of a large tile at 48 x 48: what CUTLASS's profiler shows of small ones.
    "tile_overhead": (2000.0, 0.5),
    "wave_smoothing": (0.9, 0.1), "wave_smoothing_fp32": (0.4, 0.4),
    # Half a gigabyte of pages of 2 MB: what Jia et al. find an L2 TLB to cover, and the time
    # doubled beyond it.
    "reach_bytes": (3e8, 0.7), "reach_cost": (0.7, 0.4),
    # Estimates: arithmetic on the vector units hides loads well, adding up parts not at all; a tile
    # that is not chosen for the shape does a little less than the best.
    "product_sharpness_fp32": (3.0, 0.3), "split_cycles_fp32": (2e4, 0.5),
    "batched_efficiency_fp32": (0.92, 0.05),
    "split_cycles": (5600.0, 0.5), "split_traffic": (1.0, 0.5),
    "misalignment": (1.2, 0.1), "misalignment_fp32": (1.01, 0.02),
    # Both the image read and the one written: an estimate, the square of the above.
    "image_misalignment": (1.4, 0.1),
    # Of the SGEMM's rate, an estimate: transforms take registers and shared memory from products.
    "winograd_efficiency": (0.8, 0.2), "depthwise_efficiency": (0.1, 1.0),
    "attention_efficiency": (1.0, 0.4),
    # 16 special function units on an SM (Ampere to Blackwell): an exponential in 1/16 of a clock.
    "softmax_cycles": (0.0625, 0.1), "softmax_sharpness": (2.5, 0.15),
    "decode_efficiency": (0.6, 0.3), "decode_step_cycles": (5.0, 0.4),
    "decode_start_cycles": (10000.0, 0.3), "attention_fp8": (0.7, 0.3),
    "attention_split_cycles": (4000.0, 0.7), "beside_start_cycles": (4500.0, 0.3),
    # A block for one head: a few dependent loads, reductions and barriers.
    "head_block_cycles": (2500.0, 0.3), "head_key_cycles": (20.0, 0.3),
    # A block that fills an SM hides its start behind none; others load and store 16 bits at a few
    # tens of bytes a cycle.
    "whole_block_cycles": (9000.0, 0.3), "decode_element_cycles": (0.6, 0.7),
    "unpack_block_cycles": (8000.0, 0.3), "unpack_cycles": (0.15, 0.3),
    "decode_sharpness": (3.0, 0.2),
    "attention_step_cycles": (25.0, 0.4), "attention_block_cycles": (4500.0, 0.5),
    "attention_start_cycles": (10000.0, 0.3), "decode_block_cycles": (4500.0, 0.7),
    "vector_efficiency": (0.2, 0.7), "special_flops_cost": (8.0, 0.5),
    # An estimate: behind a product its results lie in registers, and are neither read nor written.
    "epilogue_share": (0.4, 0.5),
    # BabelStream: 75 to 92 % of the peak.
    "bandwidth_efficiency": (0.82, 0.06), "cache_bytes_per_cycle": (14.0, 0.4),
    # GDDR reads the code with the data: 6.25 % at the least, up to 20 % by the CUDA guide.
    "ecc_bandwidth": (0.92, 0.04),
    # All of a cache that is one: see PARTITIONS. Cyclic reuse of more than fits misses at once.
    "cache_share": (1.0, 0.2), "cache_sharpness": (5.0, 0.4), "roofline_sharpness": (1.8, 0.2),
    # A block of 1024 threads finds the largest of a row: two barriers and two passes.
    "quantize_row_cycles": (1200.0, 0.4),
    # Blocks of 128 threads, 16 at once: some microseconds of two readings and two reductions; a
    # warp of softmax does a row in registers.
    "norm_row_cycles": (500.0, 0.5), "softmax_row_cycles": (100.0, 0.5),
    "whole_score_cycles": (0.2, 0.5), "narrow_score_cycles": (0.12, 0.5),
    # A thread of 2048 holds eight elements while its block loads and adds them up: as long.
    "held_cycles": (0.15, 0.5),
    # A thread of 2048 holds a score while its block loads it and finds the largest and the sum:
    # some 2500 clocks.
    "score_cycles": (1.2, 0.5),
    "product_sharpness": (1.4, 0.2),
    "overlap_growth": (0.2, 0.3),
    "start_cycles": (4500.0, 0.3), "product_start_cycles": (4500.0, 0.2),
    "product_start_cycles_fp32": (4500.0, 0.3),
    # See PROCESS. A fused multiply-add on the vector units costs some ten times one of a tensor
    # core: operands come from the register file each time (Horowitz, ISSCC 2014).
    "joule_per_flop_fp32": (1.3e-11, 0.05), "joule_per_flop_fp16": (2.6e-12, 0.1),
    # An estimate: together some 28 W of T4's 70 at full clock and without work, 9.5 at rest.
    "joule_per_byte": (5.5e-11, 0.2), "static_power_share": (0.15, 0.1),
    "static_power_w": (18.0, 0.1), "throttle_exponent": (0.5, 0.03),
    "throttle_settle_s": (4e-4, 1.0),
}  # fmt: skip
"""Value of a board of no known architecture, and its sigma."""

GROUP: Final[Mapping[str, float]] = {
    "reach_bytes": 0.5, "reach_cost": 1.0, "batched_efficiency_fp32": 0.08,
    "efficiency_fp16": 0.08, "efficiency_fp32": 0.05, "efficiency_fp8": 0.15,
    "efficiency_int8": 0.10, "start_cycles": 0.2, "product_start_cycles": 0.2,
    "cache_bytes_per_cycle": 0.3, "bandwidth_efficiency": 0.06,
    "operand_bytes_per_cycle_fp32": 0.2, "misalignment_fp32": 0.08, "energy": 0.15,
    "attention_efficiency": 0.12, "attention_start_cycles": 0.1, "decode_start_cycles": 0.1,
    "attention_fp8": 0.15, "decode_block_cycles": 0.3, "depthwise_efficiency": 0.3,
    "vector_efficiency": 0.3, "norm_row_cycles": 0.3,
}  # fmt: skip
"""Sigma of what an architecture (and its kind of SM) changes; ``energy`` is every joule at once."""

BOARD: Final[Mapping[str, float]] = {
    "efficiency_fp16": 0.05, "efficiency_fp32": 0.05, "bandwidth_efficiency": 0.05,
}  # fmt: skip
"""Sigma of what one board changes."""

MOST: Final[Mapping[str, float]] = {"bandwidth_efficiency": 0.92}
"""What no board exceeds, whatever its rows say: BabelStream's best (Deakin et al., "Evaluating
Attainable Memory Bandwidth of Parallel Programming Models via BabelStream", IJCSE 2018). NeuSight's
rows of A100 would have 1.09 of the peak, since what a kernel writes last stays in the cache."""

PROCESS: Final[Mapping[str, tuple[float, float]]] = {
    "pascal": (1.6, 1.4e9), "volta": (1.3, 1.45e9), "turing": (1.3, 1.45e9),
    "ampere": (0.75, 1.75e9), "ampere/ga100": (0.55, 1.41e9), "ampere/ga10b": (0.75, 1.3e9),
    "ada": (0.35, 2.05e9), "hopper": (0.35, 1.9e9), "blackwell": (0.33, 1.95e9),
    "blackwell-rtx": (0.33, 2.4e9), "cdna": (0.55, 1.5e9), "cdna2": (0.5, 1.7e9),
    "cdna3": (0.33, 2.1e9), "cdna4": (0.3, 2.4e9), "rdna3": (0.4, 2.4e9), "xe-hpc": (0.5, 1.6e9),
    "xe-hpg": (0.45, 2.2e9), "xe2": (0.35, 2.6e9), "gaudi": (0.5, 1.6e9), "apple": (0.35, 1.5e9),
}  # fmt: skip
"""Switching energy beside an imagined process, at a nominal clock in hertz.

TSMC states 55 to 60 % less power at equal speed from 16FF+ to N7 and 30 % less from N7 to N5;
12FFN lies a fifth below 16FF+, Samsung's 8N above N7; 4N a little below N5. The clock is what
boards of the process boost to."""

PARTITIONS: Final[Mapping[str, float]] = {
    "ampere/ga100": 2.0, "hopper": 2.0, "blackwell": 2.0,
}  # fmt: skip
"""Parts of the last-level cache that each hold what their own SMs read, so that data all SMs share
lies in each: NVIDIA A100 whitepaper, "A100 L2 Cache"; two dies in B200."""

BATCHED_TILES: Final[Mapping[str, tuple[float, float]]] = {
    "pascal": (64.0, 128.0), "volta": (64.0, 64.0), "turing": (64.0, 64.0),
    "ampere": (128.0, 128.0), "ada": (128.0, 128.0), "hopper": (128.0, 128.0),
    "blackwell": (128.0, 128.0), "blackwell-rtx": (128.0, 128.0),
}  # fmt: skip
"""Tile of cuBLAS's kernel for a batch of fp32 products: see ``cost.batched`` for the sources.
Architectures after Ampere carry its kernels on."""

MEMORY: Final[Mapping[str, float]] = {
    "pascal/gp104": 2.5, "turing": 1.7, "ampere/ga102": 1.7, "ampere/ga102-geforce": 1.7,
    "ampere/ga102-a10g": 1.7, "ada": 1.7, "blackwell-rtx": 1.7, "rdna3": 1.7, "xe-hpg": 1.7,
    "xe2": 1.7,
}  # fmt: skip
"""Energy of a byte beside HBM's, the way through the die included: 3.9 pJ a bit in HBM2, 14 in
GDDR5 (O'Connor et al., "Fine-Grained DRAM", MICRO 2017), some 8 in GDDR6, 3 on the die."""

KIN: Final[Mapping[str, str]] = {
    "pascal/gp100": "pascal", "pascal/gp104": "pascal",
    "ampere/ga102-geforce": "geforce", "ada/ad102-geforce": "geforce",
    "blackwell-rtx/gb202-geforce": "geforce",
}  # fmt: skip
"""Groups that share more than others do. GeForce boards boost past the clock on the box; both
Pascal chips run the same kernels of cuBLAS and translate addresses alike."""

HEADROOM: Final[Mapping[str, float]] = {"": 1.01, "geforce": 1.12}
"""Clock that boards boost to over the stated one, by kin. No product of a data-centre board is
faster than 1.01 of its peak; GeForce 3090 and 4090 are seen at 1.9 and 2.75 GHz under load."""

KIN_SIGMA: Final[Mapping[str, float]] = {
    # Tensor cores of half the rate are fed by SMs of the full one: they wait for less.
    "efficiency_fp16": 0.2, "bandwidth_efficiency": 0.05, "start_cycles": 0.15,
    "reach_bytes": 0.7, "reach_cost": 0.7, "misalignment_fp32": 0.08,
}  # fmt: skip
"""Sigma of what kin share."""

RELATIVES: Final[Mapping[str, str]] = {
    "hopper": "ampere/ga100", "ada": "ampere/ga100", "blackwell": "ampere/ga100",
    "ampere/ga102": "ampere/ga100", "ampere/ga102-geforce": "ampere/ga100",
    "ada/ad102": "ampere/ga100", "ada/ad102-geforce": "ampere/ga100",
    "blackwell-rtx": "ampere/ga100", "hopper/gh100": "ampere/ga100",
    "blackwell/gb100": "ampere/ga100",
}  # fmt: skip
"""Whose fp32 kernels an architecture without fp32 rows runs: cuBLAS carries sm_80's on."""

GENERATION: Final[Mapping[str, str]] = {"hopper": "tma", "blackwell": "tma"}
"""Architectures whose attention kernels are of one kind: their blocks start with descriptors of
tensors and with warps that only load (NVIDIA CUTLASS documentation, "Efficient GEMM in CUDA",
section "Hopper Warp Specialization")."""

GENERATION_SIGMA: Final[Mapping[str, float]] = {
    "attention_start_cycles": 0.3, "decode_start_cycles": 0.3, "decode_step_cycles": 0.5,
    "attention_step_cycles": 0.3,
}  # fmt: skip
"""Sigma of what they share."""

INHERITED: Final = (
    "operand_bytes_per_cycle_fp32", "misalignment_fp32", "efficiency_fp32", "reach_bytes",
    "reach_cost", "batched_efficiency_fp32",
)  # fmt: skip
"""What is taken over from a relative."""

SIBLINGS: Final[Mapping[str, str]] = {
    "blackwell/gb300": "blackwell/gb100", "ampere/ga102-a10g": "ampere/ga102",
    "ampere/ga10b": "ampere/ga100", "ada/ad102-l40": "ada/ad102",
    "blackwell-rtx/gb202": "ada/ad102", "blackwell-rtx/gb202-geforce": "ada/ad102-geforce",
    "cdna2/gfx90a": "cdna/gfx908", "cdna3/gfx942": "cdna/gfx908", "cdna4/gfx950": "cdna/gfx908",
}  # fmt: skip
"""Measured kind of SM that one without rows is most like: nobody wins by not being measured.

CDNA 2's compute units, caches and libraries are CDNA's; what CDNA 3 changes nobody measured
here."""

STATED: Final[Mapping[str, Mapping[str, float]]] = {
    name: {"efficiency_fp16": 0.6, "efficiency_fp8": 0.5, "efficiency_int8": 0.6}
    for name in ("cdna", "cdna2", "cdna3", "cdna4", "rdna3", "xe-hpc", "xe-hpg", "xe2", "gaudi",
                 "apple")
}  # fmt: skip
"""Matrix units without rows. SemiAnalysis, "MI300X vs H100 vs H200 Benchmark" (December 2024):
620 of MI300X's 1,307 TFLOPS in bf16 where H100 reaches 720 of 989; the others are taken alike."""

RUNTIME_START: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "pytorch-eager": {"dispatch_us": (22.0, 0.2)},
    "pytorch-eager-nhwc": {"dispatch_us": (22.0, 0.2)},
    "pytorch-compile": {"dispatch_us": (8.0, 0.3), "start_us": (40.0, 0.3)},
    "llama-cpp": {"dispatch_us": (3.0, 0.3), "start_us": (100.0, 0.3), "start_share": (0.6, 0.3)},
    "tensorrt": {"dispatch_us": (1.0, 0.2), "start_us": (15.0, 0.3), "start_share": (0.6, 0.2)},
}
"""Where a runtime's own costs begin elsewhere: as its profile says, with its sources."""

RUNTIME: Final[Mapping[str, tuple[float, float]]] = {
    "launch_us": (0.3, 1.0), "dispatch_us": (20.0, 0.5), "start_us": (20.0, 0.5),
    "start_share": (1.0, 0.4), "run_slowdown": (1.0, 0.05),
}  # fmt: skip
"""Start and sigma of a runtime's own costs."""

SLOW_LAUNCH_US: Final = (1.5, 0.5)
"""More in the gap between two kernels of a graph before Ampere, and sigma: an estimate."""

SLOWDOWN_SIGMA: Final = 0.15
"""Of a runtime's kind of kernel beside the best of that kind."""

START_SIGMA: Final[Mapping[str, float]] = {"attention": 0.3, "decode": 0.3}
"""Of a runtime's start of such a kernel beside the usual one."""

SAME_LIBRARY: Final[Mapping[str, float]] = {
    "llama-cpp slowdown_matmul": 0.3, "llama-cpp slowdown_gemv": 0.3,
    "sglang slowdown_wide": 1.0, "vllm slowdown_wide": 1.0,
    "pytorch-eager slowdown_matmul": 0.03, "pytorch-eager-nhwc slowdown_matmul": 0.03,
    "pytorch-compile slowdown_matmul": 0.03,
    # cuDNN's implicit products, on the same tensor cores; streams, which a copy bounds.
    "pytorch-eager slowdown_conv": 0.03, "pytorch-eager-nhwc slowdown_conv": 0.03,
    "pytorch-compile slowdown_conv": 0.03,
    "pytorch-eager slowdown_pointwise": 0.05, "pytorch-eager-nhwc slowdown_pointwise": 0.05,
    "pytorch-compile slowdown_pointwise": 0.05,
}  # fmt: skip
"""Sigma of kinds that are cuBLAS's in every runtime, or a library's very own."""

VERSIONED: Final[Mapping[str, float]] = {"tensorrt": 10.7}
"""Version that a runtime's profile stands for, where rows of older ones are used too."""

OLDER: Final = (0.05, 0.01)
"""Logarithm of the slowdown of a run by one version number of age, and its sigma."""

ALONE_S: Final = (30e-6, 0.5)
"""Host time in a stopwatch around one operator of eager PyTorch."""

ALONE: Final[Mapping[str, tuple[float, float]]] = {
    "alone_behind": (0.4, 0.3),
    "alone_scalar": (1.2, 0.1),
    "alone_linear": (1.5, 0.3),
    "alone_rocm": (1.0, 0.5),
}
"""What is part of that time or changes it, and sigma: estimates, of a call and a check or two among
some twenty microseconds of PyTorch's own (see ``validation.timing.HOST_FACTORS``)."""

MACHINE_SIGMA: Final = 0.03
"""Of a test machine's host beside the usual one; not kept. With heavy tails: A100's, T4's and
P4's machines agree within 5 %, which none of the slower or faster ones should move."""

MACHINE_CONV_SIGMA: Final = 0.15
"""The same for convolutions, whose time outside the kernels is another: cuDNN plans them."""
