"""Graph to the bytes of an ONNX file without weights."""

from collections.abc import Iterable

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.encode import attributes_proto, block, node_proto, tensor_proto, varint
from phantomgpu.onnx.graph import Graph, Node, Tensor
from phantomgpu.onnx.weightless import absent_tensor

_IR_VERSION = 10
_PRODUCER = b"phantomgpu"


def model_bytes(graph: Graph) -> bytes:
    """The graph as an ONNX file; weights of unknown value are external and absent.

    Subgraphs cannot be written: no graph that is made here has one.

    Args:
        graph: Its ``opsets`` name every domain that its nodes use.
    """
    body = b"".join(_node(node) for node in graph.nodes)
    body += block(2, graph.name.encode())
    offset = 0
    computed = {name for node in graph.nodes for name in node.outputs}  # those of Constant too
    for tensor in graph.tensors.values():
        if tensor.is_weight and tensor.name not in computed:
            body += block(5, _weight(graph, tensor, offset))
            offset += tensor.size * 4
    declared = set(graph.inputs) | set(graph.outputs)
    body += _values(11, (graph.tensors[name] for name in graph.inputs))
    body += _values(12, (graph.tensors[name] for name in graph.outputs))
    inner = (t for t in graph.tensors.values() if not t.is_weight and t.name not in declared)
    body += _values(13, (tensor for tensor in inner if tensor.dims is not None))
    opsets = b"".join(
        block(8, block(1, domain.encode()) + b"\x10" + varint(version))
        for domain, version in graph.opsets.items()
    )
    head = b"\x08" + varint(graph.ir_version or _IR_VERSION) + block(2, _PRODUCER)
    return head + block(7, body) + opsets


def _node(node: Node) -> bytes:
    attributes = node.raw or attributes_proto(dict(node.attributes))
    proto = node_proto(node.op_type, node.domain, node.inputs, node.outputs, attributes)
    return block(1, proto + block(3, node.name.encode()))


def _weight(graph: Graph, tensor: Tensor, offset: int) -> bytes:
    value = graph.values.get(tensor.name)
    if value is not None:
        return tensor_proto(value, tensor.dtype) + block(8, tensor.name.encode())
    dims = [int(dim) for dim in tensor.dims or ()]
    return absent_tensor(tensor.name, dims, tensor.dtype, offset=offset)


def _values(number: int, tensors: Iterable[Tensor]) -> bytes:
    return b"".join(
        block(number, block(1, tensor.name.encode()) + block(2, _type(tensor)))
        for tensor in tensors
        if tensor.dtype in FROM_ONNX[1:]
    )


def _type(tensor: Tensor) -> bytes:
    """The TypeProto of a tensor whose sizes may be symbols."""
    body = b"\x08" + varint(FROM_ONNX.index(tensor.dtype))
    if tensor.dims is not None:
        body += block(2, b"".join(block(1, _dim(dim)) for dim in tensor.dims))
    return block(1, body)


def _dim(dim: int | str) -> bytes:
    if isinstance(dim, int):
        return b"\x08" + varint(dim)
    return b"" if dim.startswith("?") else block(2, dim.encode())
