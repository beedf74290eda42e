"""Every error a user can cause, as one tree.

::

    PhantomGPUError              what, where, fix
    ├── ModelError               the model's bytes or graph
    │   ├── FormatError          not ONNX; says which format it is
    │   ├── TruncatedError       ends too early; says at which byte
    │   ├── GraphError           a graph that cannot run: cycle, missing input, duplicate name
    │   ├── ShapeError           shapes that contradict each other or the operator
    │   └── LimitError           larger than the documented limits
    ├── ProfileError             a GPU or runtime profile
    │   └── TomlError            its text; where has line and column
    ├── RequestError             what was asked
    │   ├── UnknownNameError     no such model, GPU, runtime or precision; names the nearest
    │   └── BatchError           no batch dimension, or a batch it cannot take
    ├── LinkError                a damaged or foreign share link
    ├── DataError                measured rows that cannot be read
    └── SourceError              a file or address that cannot be read (raised by the shells)

``what`` is a fact with its value, ``where`` a place one can open (file, line,
column, key, node), ``fix`` an instruction. The command line, the page and the
service print the same three. Anything that is not in this tree and escapes is
a bug and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class PhantomGPUError(Exception):
    """Base of the tree.

    Args:
        what: A fact with its value: ``"batch is 0"``.
        where: A place one can open: ``"profiles/gpus/x.toml, line 12, column 3"``.
        fix: An instruction: ``"give a batch of at least 1"``.
    """

    code = "error"
    http_status = 400

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}\n  where: {self.where}\n  fix:   {self.fix}"

    def as_dict(self) -> dict[str, str]:
        """The four public fields, ready for JSON."""
        return {"code": self.code, "what": self.what, "where": self.where, "fix": self.fix}


class ModelError(PhantomGPUError):
    """The model cannot be used."""

    code = "model"
    http_status = 422


class FormatError(ModelError):
    """The bytes are not an ONNX model."""

    code = "format"
    http_status = 415


class TruncatedError(ModelError):
    """The bytes end before the model does."""

    code = "truncated"


class GraphError(ModelError):
    """The graph cannot run."""

    code = "graph"


class ShapeError(ModelError):
    """Shapes contradict each other or the operator."""

    code = "shape"


class LimitError(ModelError):
    """The model is larger than the documented limits."""

    code = "limit"
    http_status = 413


class ProfileError(PhantomGPUError):
    """A GPU or runtime profile cannot be used."""

    code = "profile"
    http_status = 422


class TomlError(ProfileError):
    """The text of a profile is not what it must be; ``where`` has line and column."""

    code = "toml"


class RequestError(PhantomGPUError):
    """The request asks for something that cannot be."""

    code = "request"


class UnknownNameError(RequestError):
    """There is nothing of that name; ``fix`` names the nearest three."""

    code = "unknown-name"
    http_status = 404


class BatchError(RequestError):
    """The model cannot take the batch that was asked for."""

    code = "batch"


class LinkError(PhantomGPUError):
    """A share link is damaged or foreign."""

    code = "link"


class DataError(PhantomGPUError):
    """Measured rows cannot be read."""

    code = "data"
    http_status = 422


class SourceError(PhantomGPUError):
    """A file or address cannot be read."""

    code = "source"
    http_status = 404


def nearest(name: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """The ``count`` names of ``known`` that look most like ``name``, best first.

    Punctuation and case do not matter, and there are always ``count`` names
    where that many are known.

    >>> nearest("h100", ["t4", "a100-sxm-80gb", "h100-sxm-80gb"], count=1)
    ['h100-sxm-80gb']
    """
    plain = {"".join(ch for ch in k.lower() if ch.isalnum()): k for k in sorted(known)}
    wanted = "".join(ch for ch in name.lower() if ch.isalnum())
    contains = [key for key in plain if wanted and wanted in key]
    close = get_close_matches(wanted, list(plain), n=len(plain), cutoff=0.0)
    ordered = list(dict.fromkeys([*sorted(contains, key=len), *close]))
    return [plain[key] for key in ordered[:count]]
