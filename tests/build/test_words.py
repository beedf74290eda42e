"""The words of build.py, and what the tree may not contain."""

import re
import subprocess
import sys

HOSTS = re.compile(
    r"pypi\.org|pythonhosted|npmjs|jsdelivr|unpkg|/(?:work|root|home)/", re.IGNORECASE
)


def build(repository, *words):
    return subprocess.run(
        [sys.executable, repository / "build.py", *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_unknown_word_lists_the_known_ones(repository):
    done = build(repository, "unknown")

    assert done.returncode == 2
    assert "serve" in done.stderr


def test_argument_that_a_command_does_not_take_is_refused(repository):
    done = build(repository, "wheel", "--fast")

    assert done.returncode == 2
    assert "wheel takes no --fast" in done.stderr


def test_every_word_is_explained_in_the_developers_guide(repository):
    guide = (repository / "docs" / "development.md").read_text()
    words = re.search(r"\{([a-z,]+)\}", build(repository, "--help").stdout)[1].split(",")

    assert [word for word in words if f"python build.py {word}" not in guide] == []


def test_no_file_of_the_build_names_a_registry_or_a_machine(repository):
    owned = [
        "build.py",
        ".ci/run",
        "pyproject.toml",
        "requirements.lock",
        "node.lock",
        "web/parts.toml",
    ]
    files = [repository / name for name in owned]
    files += [*(repository / "build_steps").iterdir(), *(repository / ".github").rglob("*.yml")]
    named = [
        str(path) for path in files if path.is_file() and HOSTS.search(path.read_text("latin-1"))
    ]

    assert named == []
