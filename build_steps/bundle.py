"""web/editor/ and its packages -> one module that loads when the editor opens.

Bundled by esbuild as WebAssembly: one package for every platform, run by the
Node that is there anyway.
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from build_steps.failure import BuildError
from build_steps.parts import Part, extract
from build_steps.progress import step

BUNDLER = "bundler"
"""Which part is the bundler."""

_OPTIONS = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none")


def bundle(
    script: Path,
    folder: Path,
    *,
    parts: Mapping[str, Part],
    paths: Mapping[str, Path],
    variables: Mapping[str, str],
) -> None:
    """Make one module of a script and the packages it imports.

    Args:
        script: What to bundle; the module has its name.
        folder: Where the module goes, the licences of the packages beside it.
        parts: The lock of the packages, the bundler among them.
        paths: Each part in the cache, by id.
        variables: Environment with `node` on its PATH.

    Raises:
        BuildError: The script imports something that is not there, or is no JavaScript.
    """
    with step(script.name), tempfile.TemporaryDirectory() as modules:
        licences = []
        for part in parts.values():
            place = Path(modules) / part.into
            # An archive's first folder is "package"; what is below it keeps its place.
            extract(paths[part.id], {name: place / name.partition("/")[2] for name in part.files})
            licence = place / "LICENSE"
            if licence.is_file():
                licences.append(f"{part.name} {part.version}\n\n{licence.read_text('utf-8')}")
        program = Path(modules) / parts[BUNDLER].into / "bin" / "esbuild"
        command: list[str | Path] = [
            "node",
            program,
            script,
            *_OPTIONS,
            f"--outfile={folder / script.name}",
        ]
        variables = {**variables, "NODE_PATH": modules}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=dict(variables)
        )
    if done.returncode != 0:
        raise BuildError(
            f"{script.name} cannot be bundled:\n{done.stderr[-2000:]}",
            fix="correct it, or name the missing package and its files in web/editor/parts.toml",
        )
    (folder / "LICENSES.txt").write_text("\n\n".join(licences), "utf-8")
