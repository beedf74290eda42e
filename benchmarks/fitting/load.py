"""Folders to runs: where the files are that a fit reads."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fitting.model import Board
from benchmarks.fitting.table import Run, model_runs, operator_runs
from phantomgpu.hardware import Catalog, load_catalog
from phantomgpu.onnx import BytesSource, Source
from phantomgpu.validation.folders import ModelFolder, Variant, read_index
from phantomgpu.validation.models import Placed, placed_rows
from phantomgpu.validation.operators import COLUMNS, measured
from phantomgpu.validation.points import MODEL_COLUMNS
from phantomgpu.validation.rows import Row, read_rows

KINDS = ("gpus", "architectures", "runtimes")

WITHOUT = Path(__file__).resolve().parents[2] / ".cache" / "fit" / "without"
"""Profiles as fits leave them that have not seen a GPU or an architecture: ``gpu/t4``."""

VARIANTS = (
    Variant("noreparam", {"gpu": "rtx-3090"}),
    Variant("noreparam", {"gpu": "rtx-4090", "layout": "nhwc"}),
)
"""Rows that were measured before re-parameterisation: README.md of the data says which."""

LEFT_OUT = ("Megatron Large with Sparsity",)
"""Models that ran with sparse weights, which the graph does not say."""


def catalog_in(profiles: Path) -> Catalog:
    """The catalogue of a checkout."""
    files = [path for kind in KINDS for path in sorted((profiles / kind).glob("*.toml"))]
    return load_catalog(
        {str(path.relative_to(profiles)): path.read_text("utf-8") for path in files}
    )


def units_left_out(by: str) -> dict[str, Path]:
    """Folders of profiles by the GPU, or the architecture, whose rows they have not seen.

    None where the last fit left nothing out.

    Args:
        by: ``"gpu"`` or ``"architecture"``.
    """
    return {path.name: path for path in sorted((WITHOUT / by).glob("*"))}


def forget_left_out() -> None:
    """Remove those folders: they belong to an earlier fit."""
    shutil.rmtree(WITHOUT, ignore_errors=True)


def new_profiles_without(by: str, unit: str, profiles: Path) -> Path:
    """A copy of the profiles for the fit without a unit."""
    folder = WITHOUT / by / unit
    for kind in KINDS:
        shutil.copytree(profiles / kind, folder / kind)
    return folder


def boards_in(profiles: Path, catalog: Catalog) -> list[Board]:
    """Every GPU with the group its calibration belongs to: architecture, and kind of SM."""
    boards = []
    for name in catalog.gpu_ids:
        profile = catalog.gpu(name)
        document = tomllib.loads((profiles / "gpus" / f"{name}.toml").read_text("utf-8"))
        kind = document.get("spec", {}).get("sm", "")
        boards.append(Board(profile, "/".join(filter(None, (profile.spec.architecture, kind)))))
    return boards


def runs_in(data: Path, catalog: Catalog, *, every: int) -> list[Run]:
    """All operator rows, and the model rows that have a graph.

    Args:
        data: Folder with ``measurements/``, ``models/`` and ``timm/``.
        catalog: GPUs and runtimes.
        every: Of the image-model rows with a graph, one in so many is used.
    """
    operators = (data / "measurements" / "ops.csv").read_text("utf-8")
    ops = read_rows(operators, origin="ops.csv", columns=COLUMNS)
    models = placed_rows(rows_with_graph(data, every), catalog, folders_in(data), VARIANTS)
    return [
        *operator_runs(measured(row) for row in ops if row.text("gpu") in catalog.gpu_ids),
        *model_runs(models),
    ]


def folders_in(data: Path) -> list[ModelFolder]:
    """The folders with graphs."""
    return [_folder(data / "models"), _folder(data / "timm"), described()]


def described() -> ModelFolder:
    """The built-in models that a configuration describes."""
    path = Path(__file__).resolve().parents[2] / "profiles" / "models"
    files = frozenset(f.name for f in path.glob("*.json"))
    return ModelFolder(
        path.name, files, lambda name: BytesSource(name, (path / name).read_bytes()), {}
    )


def rows_with_graph(data: Path, every: int) -> list[Row]:
    """Model rows that have a graph; of image models one in ``every``."""
    text = (data / "measurements" / "models.csv").read_text("utf-8")
    rows = read_rows(text, origin="models.csv", columns=MODEL_COLUMNS)
    return list(_thinned(rows, folders_in(data), every))


def image_models(data: Path, catalog: Catalog) -> list[Placed]:
    """All rows of image models, with their work."""
    rows = [row for row in rows_with_graph(data, 1) if row.text("source") == "timm"]
    placed = placed_rows(rows, catalog, folders_in(data), VARIANTS)
    return [each for each in placed if each.workload is not None]


def _thinned(rows: Iterator[Row], folders: list[ModelFolder], every: int) -> Iterator[Row]:
    at = 0
    for row in rows:
        has_graph = any(folder.file(row.cells, VARIANTS) for folder in folders)
        if row.text("model") in LEFT_OUT or not has_graph:
            continue
        if row.text("source") == "timm":
            at += 1
            # Compiled by one board, and of eager mode never looked at again: thinned like the
            # others, some kinds had hardly a row.
            is_few = row.text("runtime") == "pytorch-compile" or row.text("layout") == "nchw"
            if at % (max(every // 4, 1) if is_few else every):
                continue
        yield row


def _folder(path: Path) -> ModelFolder:
    def open_file(name: str) -> Source:
        return BytesSource(name, (path / name).read_bytes())

    index = read_index((path / "index.csv").read_text("utf-8"))
    return ModelFolder(path.name, frozenset(f.name for f in path.iterdir()), open_file, index)
