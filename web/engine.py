"""The engine with its catalogue, made once: when the site is built, where a snapshot keeps it."""

from pathlib import Path

import phantomgpu
from phantomgpu.app import App
from phantomgpu.dtype import PRECISIONS
from phantomgpu.onnx import BytesSource
from web.catalog import page_catalog

PROFILES = Path(phantomgpu.__file__).parent / "profiles"


def profile_texts():
    """TOML text of every profile by its path below profiles/."""
    return {
        path.relative_to(PROFILES).as_posix(): path.read_text("utf-8")
        for path in sorted(PROFILES.rglob("*.toml"))
    }


def built_in(file):
    """The Source of a built-in model, by its file in the index; fetched when first asked for."""
    path = PROFILES / "models" / file
    if not path.is_file():
        import site_parts  # of the page: not there yet when the snapshot is made

        path.write_bytes(site_parts.fetch_model(file).to_bytes())
    return BytesSource(file, path.read_bytes())


app = App(profile_texts(), built_in)
CATALOG = page_catalog(
    phantomgpu.__version__, app.models(), app.gpus(), app.runtimes(), list(PRECISIONS)
)
"""What can be chosen, for the page's state."""
