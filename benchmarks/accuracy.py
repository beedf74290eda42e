"""Write ``docs/accuracy.md``, and ``tests/accuracy/figures.json``: errors that must not get worse.

    python benchmarks/accuracy.py --data ../shared/data

Run it after ``fit.py --left-out``, ``fit_runtimes.py`` and ``fit_serving.py``, and read the
difference before you commit it.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting.check import model_errors, operator_errors
from benchmarks.fitting.judged import judged, rows_in
from benchmarks.fitting.load import catalog_in, units_left_out
from benchmarks.fitting.page import page

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "tests" / "accuracy" / "figures.json"
PAGE = ROOT / "docs" / "accuracy.md"
EVERY = 40
"""Of the image-model rows, one in so many: enough to notice, quick enough to run often."""


def main() -> None:
    """Measure, print what changed, write."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    data = options.parse_args().data
    if not units_left_out("gpu"):
        raise SystemExit("no GPU was left out: run benchmarks/fit.py with --left-out first")
    profiles = ROOT / "profiles"
    write_figures(data, profiles)
    catalog = catalog_in(profiles)
    PAGE.write_text(page(judged(rows_in(data, catalog), catalog)), encoding="utf-8")


def write_figures(data: Path, profiles: Path) -> None:
    """The errors of the profiles as they are, beside those that were committed."""
    now = {
        "operators": operator_errors(data, profiles),
        "models": model_errors(data, profiles, every=EVERY),
    }
    before = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    for kind, figures in now.items():
        for key, error in figures.items():
            was = before.get(kind, {}).get(key)
            change = "" if was is None else f"{error - was:+8.2f}"
            print(f"{key:72s}{error:8.2f}{change}")
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
