"""TensorFlow Lite to ONNX without TensorFlow, for analysis: the graph and no weights."""

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from phantomgpu.converters.runners.protocol import Refused, Task, Tell
from phantomgpu.converters.runners.tflite_file import read_tflite
from phantomgpu.converters.runners.tflite_graph import Building
from phantomgpu.converters.runners.tflite_operators import add_operator, is_known
from phantomgpu.onnx.write import model_bytes


def main(task: Task, tell: Tell) -> dict[str, Any]:
    """Write ``task["out"]``; says which version read the file."""
    path = Path(task["path"])
    tell(0.2, "reading the file")
    file = read_tflite(path)
    unknown = Counter(op.name for op in file.operators if not is_known(op.name))
    if unknown:
        named = ", ".join(f"{name} ({count})" for name, count in sorted(unknown.items()))
        raise Refused(
            f"{path.name} has operators that are not known here: {named}",
            "convert it with TensorFlow, which knows more: pip install 'phantomgpu[tensorflow]', "
            "then add --keep-weights",
        )
    build = Building(file)
    build.begin()
    tell(0.5, "converting")
    for op in file.operators:
        add_operator(build, op)
    Path(task["out"]).write_bytes(model_bytes(build.graph(path.stem)))
    return {"by": f"tflite {version('tflite')}", "notes": []}
