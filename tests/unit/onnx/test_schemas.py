"""The extension module of ``onnx`` is loaded alone, and late."""

import subprocess
import sys

PROGRAM = """
import sys
from phantomgpu.onnx import BytesSource, infer_shapes, read_model
from tests.unit.onnx.builders import a_model, a_node
data = a_model([a_node("MatMul", "x x", "y")], {"x": ("float32", (4, 4))}, "y")
graph = read_model(BytesSource("m", data))
before = sorted(name for name in sys.modules if name.partition(".")[0] in ("onnx", "google"))
shaped = infer_shapes(graph, {})
after = sorted(name for name in sys.modules if name.partition(".")[0] in ("onnx", "google"))
import onnx
import onnx.helper
made = onnx.helper.make_node("Add", ["a"], ["b"]).op_type
print(before, {name[:23] for name in after}, shaped.tensors["y"].dims, made)
"""


def test_shapes_need_neither_the_onnx_package_nor_protobuf_and_leave_both_usable(repository):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stderr == ""
    assert done.stdout == "[] {'onnx.onnx_cpp2py_export'} (4, 4) Add\n"
