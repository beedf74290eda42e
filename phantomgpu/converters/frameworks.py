"""The one table of frameworks: what each needs, and the script that runs in its process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).parent / "requirements"
"""``<name>.txt`` pins a framework with all it needs, each file by its hash."""


@dataclass(frozen=True, slots=True)
class Framework:
    """What converts a family of formats.

    Attributes:
        name: Of the package's extra and of the file in ``requirements/``.
        title: For people.
        modules: Must be importable for its script to run.
        script: Module in ``phantomgpu.converters.runners``, whose ``main`` is called.
        alone: It gets an environment of its own where it is not installed, without being
            asked for: it needs older versions of what others need newer.
    """

    name: str
    title: str
    modules: tuple[str, ...]
    script: str
    alone: bool = False

    @property
    def requirements(self) -> Path:
        """The pinned list of its packages."""
        return REQUIREMENTS / f"{self.name}.txt"


FRAMEWORKS: Final[dict[str, Framework]] = {
    framework.name: framework
    for framework in (
        Framework("tflite", "TensorFlow Lite", ("tflite",), "run_tflite"),
        Framework("tensorflow", "TensorFlow", ("tensorflow", "tf2onnx"), "run_tensorflow"),
        Framework("torch", "PyTorch", ("torch", "onnxscript"), "run_torch"),
        Framework("jax", "JAX", ("jax", "jax2onnx"), "run_jax"),
        Framework(
            "huggingface", "Optimum", ("optimum.exporters.onnx",), "run_huggingface", alone=True
        ),
    )
}
"""By name; the keys are the package's extras."""

FRAMEWORK_OF_KIND: Final[dict[str, str]] = {
    "tflite": "tflite",
    "tflite-weights": "tensorflow",
    "keras": "tensorflow",
    "hdf5": "tensorflow",
    "savedmodel": "tensorflow",
    "graphdef": "tensorflow",
    "torchscript": "torch",
    "exported": "torch",
    "torch": "torch",
    "pickle": "torch",
    "safetensors": "torch",
    "huggingface": "huggingface",
}
"""Who converts a kind of source; ``module-<name>`` is converted by the framework of that name."""
