"""The built-in profiles as texts by path, which is all the core ever sees of them."""

import pytest

from phantomgpu.hardware import load_catalog


@pytest.fixture(scope="session")
def profile_texts(repository):
    folder = repository / "profiles"
    return {
        f"profiles/{kind}/{path.name}": path.read_text(encoding="utf-8")
        for kind in ("gpus", "architectures", "runtimes")
        for path in sorted((folder / kind).glob("*.toml"))
    }


@pytest.fixture(scope="session")
def catalog(profile_texts):
    return load_catalog(profile_texts)
