"""Graph to the bytes of an ONNX file without weights."""

from collections.abc import Iterable

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.encode import attributes_proto, block, node_proto, tensor_proto, varint
from phantomgpu.onnx.graph import Graph, Node, Tensor
from phantomgpu.onnx.weightless import absent_tensor

_IR_VERSION = 10
_PRODUCER = b"phantomgpu"
_GRAPH_TYPE = b"\xa0\x01\x05"  # AttributeProto.type, field 20: GRAPH


def model_bytes(graph: Graph) -> bytes:
    """The graph as an ONNX file; weights of unknown value are external and absent.

    Args:
        graph: Its ``opsets`` name every domain that its nodes use.
    """
    opsets = b"".join(
        block(8, block(1, domain.encode()) + b"\x10" + varint(version))
        for domain, version in graph.opsets.items()
    )
    head = b"\x08" + varint(graph.ir_version or _IR_VERSION) + block(2, _PRODUCER)
    return head + block(7, _graph(graph)) + opsets


def _graph(graph: Graph) -> bytes:
    """The GraphProto of a graph or of a body in a node of one."""
    body = b"".join(_node(node) for node in graph.nodes)
    body += block(2, (graph.name or "graph").encode())
    computed = {name for node in graph.nodes for name in node.outputs}  # those of Constant too
    weights = [t for t in graph.tensors.values() if t.is_weight and t.name not in computed]
    body += b"".join(block(5, _weight(graph, tensor)) for tensor in weights)
    declared = {*graph.inputs, *graph.outputs}
    body += _values(11, (_of(graph, name) for name in graph.inputs))
    body += _values(12, (_of(graph, name) for name in graph.outputs))
    inner = (t for t in graph.tensors.values() if not t.is_weight and t.name not in declared)
    return body + _values(13, (tensor for tensor in inner if tensor.dims is not None))


def _of(graph: Graph, name: str) -> Tensor:
    return graph.tensors.get(name) or Tensor(name, None, "undefined")


def _node(node: Node) -> bytes:
    graphs = {key: value for key, value in node.attributes.items() if isinstance(value, Graph)}
    plain = {key: value for key, value in node.attributes.items() if key not in graphs}
    attributes = node.raw or attributes_proto(plain)
    for name, graph in graphs.items():
        attributes += block(5, block(1, name.encode()) + block(6, _graph(graph)) + _GRAPH_TYPE)
    proto = node_proto(node.op_type, node.domain, node.inputs, node.outputs, attributes)
    return block(1, proto + block(3, node.name.encode()))


def _weight(graph: Graph, tensor: Tensor) -> bytes:
    value = graph.values.get(tensor.name)
    if value is not None:
        return tensor_proto(value, tensor.dtype) + block(8, tensor.name.encode())
    dims = [int(dim) for dim in tensor.dims or ()]
    return absent_tensor(tensor.name, dims, tensor.dtype)


def _values(number: int, tensors: Iterable[Tensor]) -> bytes:
    return b"".join(
        block(number, block(1, tensor.name.encode()) + _type(tensor)) for tensor in tensors
    )


def _type(tensor: Tensor) -> bytes:
    """The field with the TypeProto of a tensor, whose sizes may be symbols; empty: unknown."""
    if tensor.dtype not in FROM_ONNX[1:]:
        return b""
    body = b"\x08" + varint(FROM_ONNX.index(tensor.dtype))
    if tensor.dims is not None:
        body += block(2, b"".join(block(1, _dim(dim)) for dim in tensor.dims))
    return block(2, block(1, body))


def _dim(dim: int | str) -> bytes:
    if isinstance(dim, int):
        return b"\x08" + varint(dim)
    return b"" if dim.startswith("?") else block(2, dim.encode())
