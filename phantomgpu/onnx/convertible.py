"""The kinds of file that ``phantomgpu convert`` makes ONNX of, and the one command for each."""

import shlex
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A foreign format that can be converted.

    Attributes:
        what: What people call it, with its article.
        extra: The extra of the package that brings the framework: ``phantomgpu[torch]``.
        source: What to convert where that is not the file itself: the folder it lies in.
        options: What the command needs besides.
    """

    what: str
    extra: str
    source: str = ""
    options: str = ""


_FACTORY = "--module file.py:factory, where factory() gives the model and example inputs"

KINDS: Final[dict[str, Kind]] = {
    "tflite": Kind("a TensorFlow Lite model", "tflite"),
    "keras": Kind("a Keras model (.keras)", "tensorflow"),
    "hdf5": Kind("an HDF5 file, as Keras writes (.h5)", "tensorflow"),
    "savedmodel": Kind("a TensorFlow SavedModel", "tensorflow", source="the folder it lies in"),
    "savedmodel-zip": Kind("a zipped TensorFlow SavedModel", "tensorflow"),
    "graphdef": Kind("a TensorFlow GraphDef (frozen graph)", "tensorflow"),
    "torchscript": Kind("a TorchScript model (.pt)", "torch"),
    "exported": Kind("a PyTorch exported program (.pt2)", "torch"),
    "torch": Kind(
        "a PyTorch checkpoint: a whole model, or weights and no graph", "torch",
        options=f"; weights alone also need {_FACTORY}",
    ),
    "pickle": Kind(
        "a Python pickle, as older PyTorch writes (.pt, .pth)", "torch",
        options=f"; weights alone also need {_FACTORY}",
    ),
    "safetensors": Kind(
        "a safetensors file, which holds weights and no graph", "huggingface",
        source="the folder with its config.json",
        options=f"; without such a folder: {_FACTORY}",
    ),
}  # fmt: skip
"""By the name that ``converters`` know each by."""


def command(kind: str, name: str) -> str:
    """What to run for a file, in one line.

    >>> command("tflite", "model.tflite")
    "run: phantomgpu convert model.tflite (once before: pip install 'phantomgpu[tflite]')"
    """
    known = KINDS[kind]
    source = f"FOLDER ({known.source})" if known.source else shlex.quote(name)
    install = f"(once before: pip install 'phantomgpu[{known.extra}]')"
    return f"run: phantomgpu convert {source} {install}{known.options}"
