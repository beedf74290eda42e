"""The fusion rules of each runtime, as its profile lists them."""

import tomllib
from pathlib import Path

PROFILES = Path(__file__).resolve().parents[3] / "profiles" / "runtimes"

FUSION: dict[str, tuple[str, ...]] = {
    path.stem: tuple(tomllib.loads(path.read_text("utf-8"))["graph"]["fusion"])
    for path in sorted(PROFILES.glob("*.toml"))
}
