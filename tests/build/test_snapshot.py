"""Which of the page's modules the engine starts with."""

from pathlib import Path

from build_steps.snapshot import worker_modules


def test_modules_of_the_worker_are_those_it_imports_and_what_those_import(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("import js\nfrom web.first import one\n")
    (tmp_path / "first.py").write_text("from web.second import two\nimport json\n")
    (tmp_path / "second.py").write_text("from web.first import one\n")
    (tmp_path / "view.py").write_text("from pyscript import document\n")

    names = [path.name for path in worker_modules(tmp_path)]

    assert names == ["first.py", "second.py"]
