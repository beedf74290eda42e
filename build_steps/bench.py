"""Runs benchmarks/*.py, one after the other: figures, and the floors they must keep."""

from collections.abc import Sequence
from pathlib import Path

from build_steps.chromium import ensure_chromium
from build_steps.environment import ensure_environment
from build_steps.failure import BuildError
from build_steps.pipeline import compress_site
from build_steps.progress import say

# What benchmarks share, and what fits the cost model and tells its errors: those write files,
# take measured rows and have no floor, so each is run by itself.
_NO_BENCHMARKS = {
    "chromium", "figures", "line", "__init__", "accuracy", "fit", "fit_points", "fit_runtimes",
    "fit_serving", "other_gpu", "power",
}  # fmt: skip


def bench(root: Path, names: Sequence[str]) -> bool:
    """Run the named benchmarks, or all; whether every figure kept its floor.

    Raises:
        BuildError: There is no benchmark of that name.
    """
    known = sorted(path.stem for path in (root / "benchmarks").glob("*.py"))
    known = [name for name in known if name not in _NO_BENCHMARKS]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BuildError(
            f"there is no benchmark {', '.join(unknown)}", fix=f"choose from {', '.join(known)}"
        )
    environment = ensure_environment(root)
    variables = {
        **environment.variables(),
        "PHANTOMGPU_SITE": str(compress_site(root)),
        "PHANTOMGPU_PARTS": str(environment.cache / "parts"),
        "PHANTOMGPU_CHROMIUM": ensure_chromium(),
    }
    failed = []
    for name in names or known:
        say("")
        if environment.run(environment.python, "-m", f"benchmarks.{name}", env=variables) != 0:
            failed.append(name)
    say(f"\nbench: {'worse than a floor: ' + ', '.join(failed) if failed else 'all floors kept'}")
    return not failed
