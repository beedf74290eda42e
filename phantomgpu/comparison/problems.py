"""Why a point of the grid cannot run, and what would."""

from collections.abc import Callable, Sequence

from phantomgpu.comparison.cell import Problem
from phantomgpu.comparison.fits import MEMORY_UNIT_BYTES, largest_batch
from phantomgpu.dtype import PRECISIONS
from phantomgpu.hardware import GpuProfile, Runtime
from phantomgpu.serving import KV_PRECISIONS, Run, ServedRun


def offer_problem(
    gpu: GpuProfile, runtime: Runtime, precision: str, alternatives: Sequence[str]
) -> Problem | None:
    """Runtime and precision are not on offer for this board, whatever the model.

    Arguments as for ``runtime_problem`` and ``precision_problem``.
    """
    return runtime_problem(gpu, runtime, alternatives) or precision_problem(gpu, runtime, precision)


def runtime_problem(
    gpu: GpuProfile, runtime: Runtime, alternatives: Sequence[str]
) -> Problem | None:
    """The runtime does not run on this vendor's boards.

    Args:
        gpu: The board.
        runtime: The runtime.
        alternatives: Ids of the runtimes that do.
    """
    if gpu.spec.vendor in runtime.vendors:
        return None
    vendor = vendor_name(gpu.spec.vendor)
    return Problem(
        code="runtime",
        what=f"{runtime.name} does not run on {vendor} boards",
        where=f"{gpu.id} under {runtime.id}",
        fix=f"choose one of {', '.join(alternatives)}"
        if alternatives
        else f"add a profile of a runtime that runs on {vendor} boards",
    )


def precision_problem(gpu: GpuProfile, runtime: Runtime, precision: str) -> Problem | None:
    """The board has no such peak, or the runtime does not offer the precision."""
    known = runnable_precisions(gpu, runtime)
    if precision in known:
        return None
    if precision not in runtime.precisions:
        what = f"{runtime.name} does not run in {precision}"
    else:
        what = f"{gpu.name} has no {PRECISIONS[precision].matrix_peak} peak"
    fix = f"choose one of {', '.join(known)}" if known else "choose another board or runtime"
    return Problem(
        code="precision", what=what, where=f"{gpu.id} under {runtime.id}, {precision}", fix=fix
    )


def memory_problem(
    gpu: GpuProfile,
    runtime: Runtime,
    precision: str,
    batch: int,
    run: Run,
    *,
    others: Callable[[], Sequence[str]] = tuple,
    noun: str = "batch",
) -> Problem | None:
    """The run needs more memory than it may fill of the board's.

    Args:
        gpu: The board.
        runtime: The runtime.
        precision: A precision that both can run.
        batch: Samples per run.
        run: The model under the runtime.
        others: Gives what would fit besides, in words: ``"with a prompt of 512 tokens or fewer"``.
        noun: What a batch is here: ``"concurrency"`` of a served model.
    """
    board_bytes = gpu.spec.memory_bytes

    def beyond(samples: int, precision: str) -> int:
        usable = run.usable_bytes(board_bytes, samples, precision)
        return run.needed_bytes(samples, precision) - usable

    if beyond(batch, precision) <= 0:
        return None
    needed = run.needed_bytes(batch, precision)
    limit_bytes = run.usable_bytes(board_bytes, batch, precision)
    largest = largest_batch(
        lambda samples: beyond(samples, precision), 0, at_most=max(batch - 1, 1)
    )
    smaller = [
        other
        for other in runnable_precisions(gpu, runtime)
        if other != precision and beyond(batch, other) <= 0
    ]
    return Problem(
        code="memory",
        what=f"needs {gigabytes(needed, above=limit_bytes)} of {_limit(runtime, limit_bytes, gpu)}",
        where=f"{gpu.id} under {runtime.id}, {precision}, {noun} {batch}",
        fix=_what_would_fit(largest, smaller, others(), noun),
        largest_batch=largest,
    )


def unsupported_problem(gpu: GpuProfile, runtime: Runtime, precision: str) -> Problem:
    """The graph itself fixes a data type that the board cannot compute in."""
    return Problem(
        code="precision",
        what=f"{gpu.name} has no peak for a data type that the model itself fixes",
        where=f"{gpu.id} under {runtime.id}, {precision}",
        fix="choose a board with that peak, or export the model without quantised operators",
    )


def runnable_precisions(gpu: GpuProfile, runtime: Runtime) -> list[str]:
    """Precisions that the runtime offers and the board has a peak for, widest first."""
    return [
        name
        for name, precision in PRECISIONS.items()
        if name in runtime.precisions and precision.matrix_peak in gpu.spec.peak_flops_per_s
    ]


def vendor_name(vendor: str) -> str:
    """How a vendor writes itself.

    >>> vendor_name("amd"), vendor_name("intel")
    ('AMD', 'Intel')
    """
    return {"nvidia": "NVIDIA", "amd": "AMD"}.get(vendor, vendor.capitalize())


def gigabytes(count: int, *, above: int | None = None) -> str:
    """Bytes in units of 2^30, as boards state them, with one decimal where it matters.

    >>> gigabytes(24 * 2**30), gigabytes(33500000000)
    ('24', '31.2')

    A figure that must read as more than ``above`` gets as many decimals as that takes.

    >>> gigabytes(24 * 2**30 + 2**20, above=24 * 2**30)
    '24.001'
    """
    for decimals in (1, 2, 3, 6, 9):
        text = f"{count / MEMORY_UNIT_BYTES:.{decimals}f}".rstrip("0").rstrip(".")
        if above is None or float(text) * MEMORY_UNIT_BYTES > above:
            return text
    return text


def served_ways(run: Run, batch: int, precision: str, gpu: GpuProfile) -> list[str]:
    """What else would let a served model fit: a shorter prompt, a narrower cache."""
    if not isinstance(run, ServedRun):
        return []
    memory = run.generating.memory
    limit = memory.usable_bytes(gpu.spec.memory_bytes, batch, precision)
    ways = []
    tokens = memory.longest_prompt(batch, precision, limit)
    if tokens:
        ways.append(f"with a prompt of {tokens:,} tokens or fewer")
    narrow = memory.needed_bytes(batch, precision) - memory.cache_bytes(batch)
    if narrow + memory.cache_bytes(batch, element_bytes=KV_PRECISIONS["fp8"]) <= limit:
        ways.append("with an fp8 cache")
    return ways


def _limit(runtime: Runtime, limit_bytes: int, gpu: GpuProfile) -> str:
    """What a run may fill, in words: all that the board has, or what the runtime takes of it."""
    board_bytes = gpu.spec.memory_bytes
    if limit_bytes == board_bytes:
        return f"{gigabytes(board_bytes)} GB"
    taken = gigabytes(limit_bytes)
    return f"{taken} GB, what {runtime.name} takes of {gigabytes(board_bytes)} GB"


def _what_would_fit(largest: int, smaller: Sequence[str], others: Sequence[str], noun: str) -> str:
    options = []
    if largest == 1:
        options.append(f"at {noun} 1")
    elif largest > 1:
        options.append(f"at {noun} {largest} or less")
    if smaller:
        options.append(f"in {' or '.join(smaller[:2])}")
    options += others
    if not options:
        return f"does not fit at any {noun} or precision: choose a board with more memory"
    return "fits " + ", or ".join(options)
