"""The fusion rules of each runtime, as its profile lists them."""

import tomllib
from pathlib import Path

PROFILES = Path(__file__).resolve().parents[3] / "profiles" / "runtimes"

_TEXTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in PROFILES.glob("*.toml")}

FUSION: dict[str, tuple[str, ...]] = {
    name: tuple(table["graph"]["fusion"])
    for name, table in sorted(_TEXTS.items())
    if "fusion" in table.get("graph", {})
}
"""Rules by runtime; variants that take theirs from another profile are left out."""
