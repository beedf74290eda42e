"""One kernel of each kind on each GPU: its terms combined, the run around it left out."""

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.attending import attention_core
from phantomgpu.cost.bandwidth import cache_time, memory_time
from phantomgpu.cost.batched import batched_time
from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import FAMILY
from phantomgpu.cost.layout import image_misalignment, transposing_time
from phantomgpu.cost.least import least_time
from phantomgpu.cost.library import Making, making_of, vector_product_time
from phantomgpu.cost.power import switching_scale
from phantomgpu.cost.product import (
    STAGE,
    WIDTH_BYTES,
    Pipeline,
    Product,
    narrowed,
    product_time,
)
from phantomgpu.cost.quantising import row_time
from phantomgpu.cost.reach import reach_slowdown, spread_bytes
from phantomgpu.cost.traffic import traffic
from phantomgpu.cost.unfused import is_unfused, products_of, score_bytes
from phantomgpu.cost.variants import Variants
from phantomgpu.cost.vector import depthwise_core, vector_core
from phantomgpu.cost.winograd import (
    FUSED_SHARE,
    MORE_KERNELS,
    fused_blocks,
    fused_time,
    winograd_products,
)
from phantomgpu.workload.workload import PEAKS, Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_FP32: Final = PEAKS.index("fp32")
_VECTOR_STAGE: Final = 8.0
"""Elements of the reduced dimension that SGEMM loads at once (the 8 of CUTLASS's 128x128x8)."""

_ALIGNMENT_BYTES: Final = 16.0
"""What one load instruction of a thread takes: rows of an operand that are no multiple of it
cannot be loaded so (CUDA C++ Programming Guide, "Device Memory Accesses")."""


@dataclass(frozen=True, slots=True)
class Activities:
    """What a kernel keeps busy, each at boost clock.

    Attributes:
        core_s: Arithmetic, which the clock paces. [gpu, kernel]
        cache_s: Traffic with the cache, which the clock paces too. [gpu, kernel]
        memory_s: Traffic with the memory, which it does not. [gpu, kernel]
        energy_j: Switching energy. [gpu, kernel]
        steps: Of a tensor-core product's slowest SM, behind which its loads hide; NaN for all
            other kernels. [gpu, kernel]
        least_s: What the kernel takes at the very least, whoever wrote it. [gpu, kernel]
        transposing_s: Copies in another layout before and after it. [gpu, kernel]
    """

    core_s: FloatArray
    cache_s: FloatArray
    memory_s: FloatArray
    energy_j: FloatArray
    steps: FloatArray
    least_s: FloatArray
    transposing_s: FloatArray | float = 0.0


def activities(
    kernels: Kernels,
    kinds: IndexArray,
    boards: Boards,
    weights_in_use: FloatArray,
    variants: Variants,
) -> Activities:
    """The terms of every kernel on every GPU.

    Args:
        kernels: The table.
        kinds: From ``kinds_of``. [kernel]
        boards: The GPUs.
        weights_in_use: Bytes of all weights of the run the kernel belongs to: what passes through
            the cache before the same weight is read again. [kernel]
        variants: Which of its kernels the runtime takes.
    """
    is_depthwise = kinds == FAMILY["depthwise"]
    matrix_s, steps, done = _matrix_core(kernels, kinds, boards, variants)
    is_attention = kernels.family == FAMILY["attention"]  # its term has its softmax
    vector_s = np.where(is_attention, 0.0, vector_core(kernels, kinds, boards, variants))
    core_s = np.maximum(matrix_s, vector_s)
    if np.any(is_depthwise):
        core_s = np.where(is_depthwise, depthwise_core(kernels, boards), core_s)
    scores = np.where(is_unfused(kernels, boards, variants), score_bytes(kernels), 0.0)
    cached, from_memory = traffic(
        kernels, kinds, boards, weights_in_use, between=scores, held_most=variants.held_most
    )
    values = boards.values
    cache_s = cache_time(
        traffic_bytes=cached,
        bytes_per_s=boards.cache_bytes_per_s,
    )
    memory_s = memory_time(
        traffic_bytes=from_memory,
        bandwidth_bytes_per_s=boards.bandwidth_bytes_per_s,
        efficiency=boards.copy_efficiency,
    )
    scale = switching_scale(clock_hz=boards.clock_hz, nominal_hz=values["nominal_clock_hz"])
    flops_done = kernels.matrix_flops * (1.0 - kernels.causal / 2.0) * done
    flop_j = boards.at(boards.joule_per_flop, kernels.peak) * flops_done * scale
    transposing_s, transposed_bytes = transposing_time(kernels, kinds, boards, variants)
    energy_j = flop_j + values["joule_per_byte"] * (from_memory + transposed_bytes)
    least_s = _least(kernels, boards, from_memory)
    return Activities(core_s, cache_s, memory_s, energy_j, steps, least_s, transposing_s)


def _least(kernels: Kernels, boards: Boards, memory_bytes: FloatArray) -> FloatArray:
    """What each kernel takes at the very least. [gpu, kernel]."""
    is_winograd = (kernels.family == FAMILY["conv"]) & (kernels.peak == _FP32)
    return least_time(
        flops=kernels.matrix_flops,
        skipped_share=np.where(is_winograd, 1.0, kernels.causal / 2.0),
        peak_flops_per_s=boards.at(boards.peak_flops_per_s, kernels.peak),
        headroom=boards.values["clock_headroom"],
        memory_bytes=memory_bytes,
        bandwidth_bytes_per_s=boards.bandwidth_bytes_per_s,
    )


def _matrix_core(
    kernels: Kernels, kinds: IndexArray, boards: Boards, variants: Variants
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Seconds of products and attention, 0 for others; steps; FLOPs done of those counted."""
    has_products = (kernels.matrix_flops > 0.0) & (kinds != FAMILY["depthwise"])
    is_attention = kernels.family == FAMILY["attention"]
    core_s = np.zeros(np.broadcast_shapes(boards.sm_count.shape, kernels.m.shape))
    steps, done = np.full_like(core_s, np.nan), np.ones_like(core_s)
    rows = np.flatnonzero(has_products & ~is_attention)
    if len(rows):
        product, done[..., rows] = _products(
            rows_of(kernels, rows), kinds[rows], boards.of(rows), variants.at(rows)
        )
        core_s[..., rows] = product.seconds
        steps[..., rows] = np.where(kernels.peak[rows] == _FP32, np.nan, product.steps)
    rows = np.flatnonzero(has_products & is_attention)
    if len(rows):
        some, on = rows_of(kernels, rows), boards.of(rows)
        own = variants.at(rows)
        attention_s = attention_core(some, on, own, _pipeline(some, on))
        unfused = is_unfused(some, on, own)
        if np.any(unfused):
            attention_s = np.where(unfused, _unfused_core(some, on), attention_s)
        core_s[..., rows] = attention_s
    return core_s, steps, done


def _unfused_core(kernels: Kernels, boards: Boards) -> FloatArray:
    """Seconds of the arithmetic of attention as two batched products around a softmax."""
    values = boards.values
    sustained = boards.at(boards.sustained_flops_per_s, kernels.peak)
    whole = np.ones(len(kernels))
    making = Making(np.zeros(len(kernels), dtype=bool), whole, np.zeros(len(kernels), dtype=bool))
    products_s = [
        _product(part, boards, sustained, making).seconds for part in products_of(kernels)
    ]
    softmax_s = row_time(
        rows=kernels.batch * kernels.m * kernels.n,
        row_cycles=values["score_cycles"],
        sm_count=boards.sm_count,
        clock_hz=boards.clock_hz,
    )
    return np.asarray(sum(products_s) + softmax_s)


def _products(
    kernels: Kernels, kinds: IndexArray, boards: Boards, variants: Variants
) -> tuple[Product, FloatArray]:
    """Matrix products, convolutions, and chains of products; FLOPs done of those counted."""
    making = making_of(kernels, kinds, variants)
    slower = _misalignment(kernels, boards) * image_misalignment(kernels, boards, variants)
    sustained = boards.at(boards.sustained_flops_per_s, kernels.peak) / slower
    product = _product(kernels, boards, sustained, making)
    rows = np.flatnonzero((kernels.peak == _FP32) & (kernels.family == FAMILY["matmul"]))
    if len(rows):
        product.seconds[..., rows] = _on_vector_units(
            rows_of(kernels, rows), boards.of(rows), product.seconds[..., rows]
        )
    direct = product.seconds * kernels.steps
    done = np.ones_like(direct)
    if np.any(making.on_vector):
        on_vector_s = vector_product_time(
            flops=kernels.matrix_flops, vector_flops_per_s=boards.vector_flops_per_s
        )
        direct = np.where(making.on_vector, on_vector_s, direct)
    is_winograd = (
        (kernels.family == FAMILY["conv"])
        & (kernels.peak == _FP32)
        & (kernels.window == 9.0)
        & (kernels.stride == 1.0)
        & (kernels.batch == 1.0)
        & (kernels.height * kernels.width > 1.0)
    )
    rows = np.flatnonzero(is_winograd)
    if len(rows):
        some, on = rows_of(kernels, rows), boards.of(rows)
        ways = [
            (direct[..., rows], np.ones(())),
            _fused_winograd(some, on, sustained[..., rows]),
            _winograd(some, on, sustained[..., rows], making.at(rows)),
        ]
        fastest = np.argmin([seconds for seconds, _ in ways], axis=0)
        direct[..., rows] = np.choose(fastest, [seconds for seconds, _ in ways])
        done[..., rows] = np.choose(fastest, [share for _, share in ways])
    return Product(direct, product.steps), done


def _fused_winograd(
    kernels: Kernels, boards: Boards, sustained: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Seconds of 3x3 convolutions in one Winograd kernel; share of the counted FLOPs' energy."""
    values = boards.values
    blocks = fused_blocks(m=kernels.m, n=kernels.n, height=kernels.height, width=kernels.width)
    seconds = fused_time(
        blocks=blocks,
        channels=kernels.k / 9.0,
        flops_per_s=sustained * values["winograd_efficiency"],
        sm_count=boards.sm_count,
        clock_hz=boards.clock_hz,
        step_cycles=values["step_cycles_fp32"],
        smoothing=values["wave_smoothing_fp32"],
    )
    return seconds, np.asarray(FUSED_SHARE / values["winograd_efficiency"])


def _winograd(
    kernels: Kernels, boards: Boards, sustained: FloatArray, making: Making
) -> tuple[FloatArray, FloatArray]:
    """The same as transforms and products, whose bytes are moved several times."""
    parts = winograd_products(
        m=kernels.m,
        n=kernels.n,
        k=kernels.k,
        height=kernels.height,
        width=kernels.width,
        element_bytes=kernels.element_bytes,
    )
    reduced = replace(kernels, m=parts.m, k=parts.k, batch=parts.batch)
    values = boards.values
    moving_s = memory_time(
        traffic_bytes=parts.transform_bytes,
        bandwidth_bytes_per_s=boards.bandwidth_bytes_per_s,
        efficiency=boards.copy_efficiency,
    )
    starts_s = MORE_KERNELS * values["start_cycles"] / boards.clock_hz
    flop_j = boards.at(boards.joule_per_flop, kernels.peak) * kernels.matrix_flops
    moving_j = values["joule_per_byte"] * parts.transform_bytes
    share = parts.share + moving_j / np.where(flop_j > 0.0, flop_j, np.inf)
    return _product(reduced, boards, sustained, making).seconds + moving_s + starts_s, share


def _on_vector_units(kernels: Kernels, boards: Boards, fastest_s: FloatArray) -> FloatArray:
    """Seconds of fp32 products: batches in the library's one tile, others slowed by long rows."""
    values = boards.values
    tile_m, tile_n = values["batched_tile_m_fp32"], values["batched_tile_n_fp32"]
    spread = spread_bytes(
        m=kernels.m,
        n=kernels.n,
        k=kernels.k,
        element_bytes=kernels.element_bytes,
        sm_count=boards.sm_count,
    )
    time = fastest_s * reach_slowdown(
        spread=spread, reach=values["reach_bytes"], cost=values["reach_cost"]
    )
    is_batch = kernels.batch > 1.0
    if not np.any(is_batch):
        return time
    batched = batched_time(
        m=kernels.m,
        n=kernels.n,
        k=kernels.k,
        batch=kernels.batch,
        tile_m=np.maximum(tile_m, 1.0),
        tile_n=np.maximum(tile_n, 1.0),
        flops_per_s=boards.at(boards.peak_flops_per_s, kernels.peak)
        * values["batched_efficiency_fp32"],
        sm_count=boards.sm_count,
        clock_hz=boards.clock_hz,
        pipeline=_pipeline(kernels, boards),
    )
    return np.where(is_batch & (tile_m > 0.0), batched.seconds, time)


def _product(kernels: Kernels, boards: Boards, sustained: FloatArray, making: Making) -> Product:
    """The fastest tiling of each product."""
    is_widened = boards.at(boards.widening, kernels.peak) > 1.0
    element_bytes = np.where(is_widened, 2.0, kernels.element_bytes)
    is_vector = kernels.peak == _FP32
    pipeline = _product_pipeline(kernels, boards, making.is_template)
    return product_time(
        m=kernels.m,
        n=kernels.n,
        k=kernels.k,
        batch=kernels.batch,
        element_bytes=element_bytes,
        most_parts=making.most_parts,
        flops_per_s=sustained,
        sm_count=boards.sm_count,
        clock_hz=boards.clock_hz,
        cache_bytes_per_s=boards.cache_bytes_per_s,
        pipeline=narrowed(pipeline, element_bytes=np.where(is_vector, WIDTH_BYTES, element_bytes)),
    )


def _product_pipeline(kernels: Kernels, boards: Boards, is_template: NDArray[np.bool_]) -> Pipeline:
    """The same of plain products, which load while they multiply. Each [gpu, kernel]."""
    values, usual = boards.values, _pipeline(kernels, boards)
    is_vector = kernels.peak == _FP32
    fill_cycles = np.where(is_template, values["template_fill_cycles"], values["fill_cycles"])
    return replace(
        usual,
        step_cycles=np.where(is_template, values["template_step_cycles"], usual.step_cycles),
        operand_bytes_per_cycle=np.where(
            is_vector, usual.operand_bytes_per_cycle, boards.shared_bytes / fill_cycles
        ),
        split_cycles=np.where(is_template, values["template_split_cycles"], usual.split_cycles),
        overlaps=~is_vector,
    )


def _pipeline(kernels: Kernels, boards: Boards) -> Pipeline:
    """Latencies of the vector units' products or of the tensor cores'. Each [gpu, kernel]."""
    values = boards.values
    is_vector = kernels.peak == _FP32
    return Pipeline(
        step_cycles=np.where(is_vector, values["step_cycles_fp32"], values["step_cycles"]),
        depth=np.where(is_vector, values["pipeline_depth_fp32"], values["pipeline_depth"]),
        operand_bytes_per_cycle=np.where(
            is_vector, values["operand_bytes_per_cycle_fp32"], values["operand_bytes_per_cycle"]
        ),
        tile_overhead=np.where(is_vector, 0.0, values["tile_overhead"]),
        stage=np.where(is_vector, _VECTOR_STAGE, STAGE),
        wave_smoothing=np.where(is_vector, values["wave_smoothing_fp32"], values["wave_smoothing"]),
        hides_latency=is_vector,
        split_cycles=np.where(is_vector, values["split_cycles_fp32"], values["split_cycles"]),
        split_traffic=values["split_traffic"],
    )


def _misalignment(kernels: Kernels, boards: Boards) -> FloatArray:
    """Slowdown of products whose rows are no multiple of a vector load. [gpu, kernel]."""
    granule = _ALIGNMENT_BYTES / kernels.element_bytes
    is_off = (np.mod(kernels.n, granule) != 0.0) | (np.mod(kernels.k, granule) != 0.0)
    values = boards.values
    slowdown = np.where(kernels.peak == _FP32, values["misalignment_fp32"], values["misalignment"])
    return np.where(is_off, slowdown, 1.0)


def rows_of(kernels: Kernels, rows: IndexArray) -> Kernels:
    """Some rows of the table."""
    return Kernels(
        **{column.name: getattr(kernels, column.name)[rows] for column in fields(Kernels)}
    )
