"""Write ``tests/accuracy/figures.json``: the errors that must not get worse.

    python benchmarks/accuracy.py --data ../shared/data

Run it after ``benchmarks/fit.py``, and read the difference before you commit it.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting.check import model_errors, operator_errors

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "tests" / "accuracy" / "figures.json"
EVERY = 40
"""Of the image-model rows, one in so many: enough to notice, quick enough to run often."""


def main() -> None:
    """Measure, print what changed, write."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    data = options.parse_args().data
    profiles = ROOT / "profiles"
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
