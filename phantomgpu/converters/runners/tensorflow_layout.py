"""Takes out a Transpose that tf2onnx leaves before a mean over an image.

TensorFlow keeps channels last, so the image is turned back before it is averaged. The mean over
height and width is the same in either layout; ONNX Runtime takes the Transpose out as well when it
loads such a file (onnxruntime, "Graph Optimizations in ONNX Runtime": transpose optimizer).
"""

from typing import Any, Final

_TO_LAST: Final = [0, 2, 3, 1]
_HEIGHT_AND_WIDTH: Final = [1, 2]


def average_without_turning(model: Any) -> None:
    """Let each mean over an image read what the Transpose before it reads."""
    import numpy as np
    from onnx import helper, numpy_helper

    graph = model.graph
    made_by = {name: node for node in graph.node for name in node.output}
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type not in ("ReduceMean", "ReduceSum", "ReduceMax") or _keeps(node):
            continue
        turn = made_by.get(node.input[0])
        if turn is None or turn.op_type != "Transpose" or _list(turn, "perm") != _TO_LAST:
            continue
        axes = _list(node, "axes")
        if len(node.input) > 1 and node.input[1] in stored:
            axes = numpy_helper.to_array(stored[node.input[1]]).reshape(-1).tolist()
        if sorted(axis % 4 for axis in axes or [0]) != _HEIGHT_AND_WIDTH:
            continue
        node.input[0] = turn.input[0]
        if len(node.input) > 1:
            name = f"{node.name}/axes"
            graph.initializer.append(numpy_helper.from_array(np.array([2, 3], np.int64), name))
            node.input[1] = name
        else:
            kept = [each for each in node.attribute if each.name != "axes"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("axes", [2, 3])])
    _drop_unread(graph)


def _drop_unread(graph: Any) -> None:
    """Take out each Transpose that nobody reads any more."""
    read = {name for node in graph.node for name in node.input}
    read |= {output.name for output in graph.output}
    for node in list(graph.node):
        if node.op_type == "Transpose" and node.output[0] not in read:
            graph.node.remove(node)


def _keeps(node: Any) -> bool:
    return any(each.name == "keepdims" and each.i for each in node.attribute) or not any(
        each.name == "keepdims" for each in node.attribute
    )


def _list(node: Any, name: str) -> list[int]:
    return next((list(each.ints) for each in node.attribute if each.name == name), [])
