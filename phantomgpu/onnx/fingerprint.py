"""Graph to its digest: what was read, with the weights left out."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from phantomgpu.onnx.graph import Graph, Tensor


def fingerprint(graph: Graph) -> Graph:
    """``graph`` with its ``sha256``.

    Float values are weights and left out; integers are shapes and indices and are not. So a
    model trained further, or stored with external data, keeps its digest.
    """
    digest = hashlib.sha256()
    for text in _lines(graph):
        digest.update(text.encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return replace(graph, sha256=digest.hexdigest())


def _lines(graph: Graph) -> Iterator[str]:
    yield f"{sorted(graph.opsets.items())} {graph.inputs} {graph.outputs}"
    for node in graph.nodes:
        yield f"{node.domain} {node.op_type} {node.inputs} {node.outputs}"
        for name, value in sorted(node.attributes.items()):
            if isinstance(value, Graph):
                yield name
                yield from _lines(value)
            else:
                yield f"{name} {_plain(value)}"
    for name in (*graph.inputs, *graph.outputs):
        yield _signature(graph.tensors.get(name))
    for name, tensor in sorted(graph.tensors.items()):
        if tensor.is_weight:
            yield f"{_signature(tensor)} {_plain(graph.values.get(name))}"
    for key, function in sorted(graph.functions.items()):
        yield str(key)
        yield from _lines(function)


def _signature(tensor: Tensor | None) -> str:
    return "" if tensor is None else f"{tensor.name} {tensor.dtype} {tensor.dims}"


def _plain(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return str(value)
    return f"{value.dtype}{value.shape}" + (
        value.tobytes().hex() if value.dtype.kind in "iub" else ""
    )
