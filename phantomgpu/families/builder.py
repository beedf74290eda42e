"""Layer by layer to a Graph: weights by name and shape, and no weight anywhere.

A stack of equal layers is one ``Scan`` whose scanned inputs are the weights of all of them, one
behind the other. So a model of eighty layers has the graph of one, and shapes, fusion and the cost
model look at each layer once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from phantomgpu.dtype import BITS, FROM_ONNX
from phantomgpu.onnx.encode import attributes_proto
from phantomgpu.onnx.fingerprint import fingerprint
from phantomgpu.onnx.graph import Dim, Graph, Node, Tensor, Value

OPSETS: Final[Mapping[str, int]] = {"": 25, "com.microsoft": 1, "phantomgpu": 1}
"""25 is the first at which Attention has a window."""

_IR_VERSION: Final = 13
_LONGEST_PERIOD: Final = 16
"""Layers of the longest group that is looked for; published models repeat after two to eight."""


@dataclass(frozen=True, slots=True)
class _Scanned:
    """What a stack takes or gives one slice of per layer: its name in the body and around it."""

    inner: str
    outer: str


class Builder:
    """Writes one graph, node by node.

    Args:
        name: Of the graph.
        dtype: Of weights and activations. A precision narrows ``float32`` to what it runs at, and
            never widens what has 16 bits.
        stored_bits: Of a weight in the published files, where that is not the dtype's.

    Attributes:
        dtype: Of weights and activations.
        parameters: Elements of all weights so far, each counted once.
    """

    def __init__(self, name: str, *, dtype: str = "float32", stored_bits: int = 0) -> None:
        self.name = name
        self.dtype = dtype
        self._stored_bits = stored_bits or BITS[dtype]
        self.parameters = 0
        self._nodes: list[Node] = []
        self._tensors: dict[str, Tensor] = {}
        self._values: dict[str, Value] = {}
        self._inputs: list[str] = []
        self._outputs: list[str] = []
        self._made = 0

    def input(self, name: str, *dims: Dim, dtype: str = "") -> str:
        """A tensor that is fed; symbols are free dimensions."""
        self._inputs.append(name)
        self._tensors[name] = Tensor(name, dims, dtype or self.dtype)
        return name

    def weight(self, name: str, *dims: int) -> str:
        """A parameter; the same name again is the same parameter."""
        if name not in self._tensors:
            self._tensors[name] = tensor = Tensor(name, dims, self.dtype, is_weight=True)
            self.parameters += tensor.size
        return name

    def constant(self, value: float | Sequence[float], dtype: str = "int64") -> str:
        """A small value that is no parameter."""
        name = self._fresh("constant")
        array = np.array(value, np.dtype(dtype))
        self._tensors[name] = Tensor(name, array.shape, dtype, is_weight=True)
        self._values[name] = array
        return name

    def op(self, op_type: str, *inputs: str, at: str = "", domain: str = "", **given: Any) -> str:
        """A node with one output, and its name.

        Args:
            op_type: ``"MatMul"``.
            inputs: By position; an empty one is omitted.
            at: Module it belongs to: ``"mlp/down_proj"``.
            domain: Of the operator.
            given: Its attributes.
        """
        return self.ops(op_type, *inputs, at=at, domain=domain, count=1, **given)[0]

    def ops(
        self, op_type: str, *inputs: str, at: str = "", domain: str = "", count: int, **given: Any
    ) -> tuple[str, ...]:
        """A node with several outputs."""
        name = self._fresh(f"{at}/{op_type}" if at else op_type)
        outputs = tuple(f"{name}:{k}" if count > 1 else f"{name}:out" for k in range(count))
        plain = {key: value for key, value in given.items() if not isinstance(value, Graph)}
        self._nodes.append(
            Node(name, op_type, domain, inputs, outputs, dict(given), attributes_proto(plain))
        )
        return outputs

    def output(self, name: str, value: str, *dims: Dim, dtype: str = "") -> None:
        """Hand a tensor to the caller under a name."""
        self._nodes.append(Node(f"output/{name}", "Identity", "", (value,), (name,)))
        self._tensors[name] = Tensor(name, dims, dtype or self.dtype)
        self._outputs.append(name)

    def stack(
        self,
        name: str,
        times: int,
        carried: Sequence[str],
        layer: Callable[["Body", Sequence[str]], Sequence[str]],
    ) -> tuple[str, ...]:
        """Equal layers behind each other.

        Args:
            name: Of the stack: ``"layers"``.
            times: How many.
            carried: What goes into the first.
            layer: Writes one: from what goes in to what comes out.

        Returns:
            What comes out of the last.
        """
        body = Body(self, name, times)
        entered = [f"{name}/in_{k}" for k in range(len(carried))]
        left = list(layer(body, entered))
        graph = Graph(
            name=name,
            nodes=tuple(body._nodes),
            tensors=body._tensors,
            inputs=(*entered, *(each.inner for each in body.taken)),
            outputs=(*left, *(each.inner for each in body.given)),
            values=body._values,
        )
        outputs = tuple(f"{name}/out_{k}" for k in range(len(carried)))
        attributes = {"body": graph, "num_scan_inputs": len(body.taken)}
        raw = attributes_proto({"num_scan_inputs": len(body.taken)})
        self._nodes.append(
            Node(
                name,
                "Scan",
                "",
                (*carried, *(each.outer for each in body.taken)),
                (*outputs, *(each.outer for each in body.given)),
                attributes,
                raw,
            )
        )
        return outputs

    def graph(self) -> Graph:
        """What was written."""
        return fingerprint(
            Graph(
                name=self.name,
                nodes=tuple(self._nodes),
                tensors=self._tensors,
                inputs=tuple(self._inputs),
                outputs=tuple(self._outputs),
                values=self._values,
                opsets=OPSETS,
                ir_version=_IR_VERSION,
                producer="phantomgpu",
                weight_bytes=self.parameters * self._stored_bits // 8,
            )
        )

    def body(self, *outputs: str) -> Graph:
        """What was written as a branch of an If: it reads the names around it."""
        return Graph(self.name, tuple(self._nodes), self._tensors, (), outputs, self._values)

    def _fresh(self, name: str) -> str:
        self._made += 1
        return f"{name}_{self._made}"


class Body(Builder):
    """Writes the graph of one layer of a stack.

    Args:
        around: Where the stack stands.
        name: Of the stack.
        times: Layers in it.

    Attributes:
        taken: Weights and caches, of which each layer gets its slice.
        given: What each layer hands out besides.
    """

    def __init__(self, around: Builder, name: str, times: int) -> None:
        super().__init__(name, dtype=around.dtype)
        self.around = around
        self.times = times
        self.taken: list[_Scanned] = []
        self.given: list[_Scanned] = []

    def weight(self, name: str, *dims: int) -> str:
        """A parameter that every layer has its own of."""
        outer = f"{self.name}.{name.replace('/', '.')}"
        if all(each.inner != name for each in self.taken):
            self.taken.append(_Scanned(name, outer))
            self.around.weight(outer, self.times, *dims)
        return name

    def cache(self, name: str, *dims: Dim) -> str:
        """What every layer kept of earlier tokens: an input of the model, stacked."""
        outer = f"past/{self.name}/{name}"
        self.taken.append(_Scanned(f"past/{name}", outer))
        self.around.input(outer, self.times, *dims)
        return f"past/{name}"

    def keep(self, name: str, value: str, *dims: Dim) -> None:
        """What every layer adds to its cache: an output of the model, stacked."""
        outer = f"new/{self.name}/{name}"
        self.given.append(_Scanned(value, outer))
        self.around._tensors[outer] = Tensor(outer, (self.times, *dims), self.dtype)
        self.around._outputs.append(outer)


def cast_to(dtype: str) -> int:
    """The number that Cast takes for a dtype."""
    return FROM_ONNX.index(dtype)


def in_stacks(kinds: Sequence[Any]) -> Iterable[tuple[int, Sequence[Any]]]:
    """A list of layers as stacks: how often, and the kinds of layers that repeat.

    >>> list(in_stacks("ddmmm")), list(in_stacks("lglglgl"))
    ([(2, 'd'), (3, 'm')], [(3, 'lg'), (1, 'l')])
    """
    start = 0
    while start < len(kinds):
        rest = kinds[start:]
        best = (1, 1)
        for period in range(1, min(len(rest) // 2, _LONGEST_PERIOD) + 1):
            times = 1
            while rest[times * period : (times + 1) * period] == rest[:period]:
                times += 1
            if times > 1 and times * period > best[0] * best[1]:
                best = (times, period)
        yield best[0], rest[: best[1]]
        start += best[0] * best[1]
