"""The engine on the profiles of this checkout."""

from pathlib import Path

import pytest

from phantomgpu.app import App
from phantomgpu.onnx import BytesSource


@pytest.fixture(scope="session")
def app(repository: Path) -> App:
    profiles = repository / "profiles"
    texts = {
        path.relative_to(profiles).as_posix(): path.read_text("utf-8")
        for path in sorted(profiles.rglob("*.toml"))
    }
    models = profiles / "models"
    return App(texts, lambda file: BytesSource(file, (models / file).read_bytes()))
