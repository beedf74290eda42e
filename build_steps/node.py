"""One of the build's own scripts under Node."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from build_steps.failure import BuildError


def run_script(
    script: Path,
    *arguments: Path,
    variables: Mapping[str, str],
    failure: str,
    fix: str,
    given: str = "",
) -> str:
    """What the script prints.

    Args:
        script: Beside the step that runs it.
        arguments: Its arguments.
        variables: The environment, with Node on its path.
        failure: What could not be done where it fails, in words.
        fix: What to do then.
        given: Its standard input.

    Raises:
        BuildError: It failed; with the end of what it said.
    """
    done = subprocess.run(
        ["node", script, *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env=dict(variables),
    )
    if done.returncode != 0:
        raise BuildError(f"{failure}:\n{done.stderr[-2000:]}", fix=fix)
    return done.stdout
