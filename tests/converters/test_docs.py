"""The examples of docs/convert.md work as they stand there."""

import os
import re
import shlex
import shutil
import subprocess

import pytest

FRAMEWORKS = {
    "TensorFlow and Keras": "tensorflow",
    "TensorFlow Lite": "tflite",
    "PyTorch": "torch",
    "JAX": "jax",
    "Hugging Face": "huggingface",
}


@pytest.fixture(scope="module")
def sections(repository):
    text = (repository / "docs" / "convert.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("title", FRAMEWORKS)
def test_the_example_does_what_it_says(sections, title, python_of, repository, tmp_path):
    paths = [repository / ".venv" / "bin", os.environ["PATH"]]
    variables = {**os.environ, "PATH": os.pathsep.join(map(str, paths))}
    lite = repository / "tests" / "unit" / "converters" / "small-int8.tflite"
    shutil.copy(lite, tmp_path)  # the one file that a reader brings
    blocks = re.findall(r"```(\w+)\n(.*?)```", sections[title], re.DOTALL)
    assert blocks
    for language, block in blocks:
        if language == "python":
            name = re.match(r"# (\w+\.py)\n", block)
            file = tmp_path / (name[1] if name else "make.py")
            file.write_text(block)
            command = [python_of(FRAMEWORKS[title]), file]
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
            continue
        for command, shown in re.findall(r"^\$ (.+)\n((?:[^$].*\n)*)", block, re.MULTILINE):
            done = subprocess.run(
                shlex.split(command), cwd=tmp_path, env=variables, capture_output=True, text=True
            )
            assert done.returncode == 0, (command, done.stderr)
            assert not shown or done.stdout == shown, command
