"""If, Loop and Scan to their bodies, spliced in where they stand."""

from typing import TYPE_CHECKING

from phantomgpu.onnx.graph import Node
from phantomgpu.onnx.scope import Scope

if TYPE_CHECKING:
    from phantomgpu.onnx.inference import Inference


def splice_if(run: "Inference", node: Node, scope: Scope) -> None:
    raise AssertionError


splice_loop = splice_scan = splice_sequence_map = splice_if
