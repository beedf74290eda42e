"""The checks that read the code and run nothing of it."""

from pathlib import Path

from build_steps.environment import ensure_environment
from build_steps.progress import say

_CHECKS = {
    "lint": ["ruff", "check"],
    "format": ["ruff", "format", "--check", "--quiet", "--diff"],
    "types": ["mypy"],
    "import contracts": ["lint-imports"],
    "spelling": ["codespell"],
}


def check(root: Path) -> bool:
    """Run every check, also after one has failed; whether all passed."""
    environment = ensure_environment(root)
    failed = []
    for name, (program, *arguments) in _CHECKS.items():
        say(f"-- {name}: {' '.join([program, *arguments])}")
        if environment.run(environment.python.parent / program, *arguments) != 0:
            failed.append(name)
    say(f"check: {'failed: ' + ', '.join(failed) if failed else 'all passed'}")
    return not failed
