"""A built site -> the same site with a finished comparison in its index.html, and its style.

`python -m web.prerender SITE` runs the engine once and writes the regions that
the page itself would draw, and the state they come from, so that the first
answer needs no script and the page goes on from there.
"""

import json
import re
import sys
from pathlib import Path

import phantomgpu
from phantomgpu.app import App
from phantomgpu.dtype import PRECISIONS
from phantomgpu.onnx import BytesSource
from web.catalog import page_catalog, page_inspection
from web.grid import grid_request, packed
from web.page import regions
from web.query import curve_request, model_request
from web.state import FIRST_REQUEST, initial
from web.text import escaped
from web.why_answer import Explained
from web.why_state import why_request

PROFILES = Path(__file__).resolve().parent.parent / "profiles"
FIRST_WIDTH = 900
"""Width of the first chart in pixels; the page draws it again for its own."""

WHY_WIDTH = 830
"""Likewise of the charts that explain it: inside a card on a common screen."""


def main(arguments: list[str]) -> int:
    """Fill in the index.html of a site and write its grids; returns the exit code."""
    site, app = Path(arguments[0]), engine()
    (site / "app.css").write_text(style(), "utf-8")
    index = site / "index.html"
    first = first_answer(app)
    html = index.read_text("utf-8").replace("<!--core-->", preloaded_core(site))
    index.write_text(explained(filled(html, first), app, first), "utf-8")
    (site / "grid").mkdir(exist_ok=True)
    for model in first["catalog"]["models"]:
        text = json.dumps(grid_of(app, model["id"], model["asks"]), separators=(",", ":"))
        (site / "grid" / f"{model['id']}.json").write_text(text, "utf-8")
    return 0


def style() -> str:
    """The page's style sheet: its parts in the order of their names, so that one is fetched."""
    folder = Path(__file__).parent / "css"
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.css")))


def engine() -> App:
    """The engine with the catalogue and the models of this checkout."""
    texts = {
        path.relative_to(PROFILES).as_posix(): path.read_text("utf-8")
        for path in sorted(PROFILES.rglob("*.toml"))
    }
    return App(texts, lambda file: BytesSource(file, (PROFILES / "models" / file).read_bytes()))


def grid_of(app: App, model: str, asks: str = "") -> dict:
    """What the page answers from for a built-in model until its engine is there."""
    request = grid_request(model, [gpu["id"] for gpu in app.gpus()], asks)
    return packed(app.compare(request)["cells"], request)


def first_answer(app: App) -> dict:
    """What the page starts with: catalogue, request, comparison, inspection, curve."""
    catalog = page_catalog(
        phantomgpu.__version__, app.models(), app.gpus(), app.runtimes(), PRECISIONS
    )
    request, model = FIRST_REQUEST, model_request(FIRST_REQUEST)
    document = app.inspect(
        model["models"][0], runtime=model["runtimes"][0], precision=model["precisions"][0]
    )
    first = {
        "catalog": catalog,
        "request": request,
        "comparison": app.compare(request),
        "inspection": {"request": model, "document": page_inspection(document)},
    }
    curve = curve_request(initial(**first))
    return {**first, "curve": {"request": curve, "cells": app.compare(curve)["cells"]}}


def filled(html: str, first: dict) -> str:
    """A page with its regions drawn and its first state written down.

    Raises:
        ValueError: The page lacks a place for a region.
    """
    for name, region in regions(initial(**first), FIRST_WIDTH).items():
        place = f"<!--{name}-->"
        if html.count(place) != 1:
            raise ValueError(f"index.html has no single place {place}")
        html = html.replace(place, region)
    html = html.replace("<!--preloads-->", preloads(html))
    state = json.dumps(first, separators=(",", ":")).replace("<", "\\u003c")
    script = f'<script type="application/json" id="first">{state}</script>'
    return html.replace("<!--first-->", script)


def explained(html: str, app: App, first: dict) -> str:
    """The page with its winner explained, as the worker would draw it."""
    request = why_request(initial(**first), None)
    for name, region in Explained(app).regions(json.dumps(request), WHY_WIDTH).items():
        html = html.replace(f"<!--{name}-->", region)
    html = html.replace('data-width=""', f'data-width="{WHY_WIDTH}"')
    return html.replace('data-request=""', f'data-request="{escaped(json.dumps(request))}"')


def preloaded_core(site: Path) -> str:
    """A link to what PyScript's core.js imports, whose name changes with its version."""
    core = (site / "parts" / "pyscript" / "core.js").read_text("utf-8")
    (chunk,) = set(re.findall(r"core-[\w-]+\.js", core.partition("sourceMappingURL")[0]))
    return f'<link rel="modulepreload" href="parts/pyscript/{chunk}" />'


def preloads(html: str) -> str:
    """Links that ask for the page's own modules before the engine's many megabytes.

    Args:
        html: The page, whose interface names its modules as ``"./x.py": "./web/x.py"``.
    """
    interface = html.partition('<script type="mpy"')[2].partition("</script>")[0]
    modules = re.findall(r'"\./(\w+\.py)": "\./web/', interface)
    return "\n    ".join(
        f'<link rel="preload" href="{module}" as="fetch" crossorigin />' for module in modules
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
