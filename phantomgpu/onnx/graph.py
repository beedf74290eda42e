"""What was read from an ONNX file: nodes, tensors, and no weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Dim = int | str
"""A size, or the symbol of a free dimension. An unnamed free one is ``"?<tensor>:<axis>"``."""

Value = NDArray[np.generic]
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named value of the graph.

    Attributes:
        name: Unique within its graph.
        dims: Sizes and symbols, outermost first; None where even the rank is unknown.
        dtype: A key of ``phantomgpu.dtype.BITS``, or "undefined".
        is_weight: Stored in the file: initializer, sparse initializer or Constant.
    """

    name: str
    dims: tuple[Dim, ...] | None
    dtype: str
    is_weight: bool = False

    @property
    def size(self) -> int:
        """Number of elements; every dimension must be known."""
        total = 1
        for dim in self.dims or ():
            total *= int(dim)
        return total


@dataclass(frozen=True, slots=True)
class Reference:
    """In a function's body: the attribute ``name`` of the node that calls it."""

    name: str


@dataclass(frozen=True, slots=True)
class Node:
    """One operator call.

    Attributes:
        name: As in the file, else ``"<op_type>_<index>"``; unique within its graph.
        op_type: ``"Conv"``.
        domain: Empty for the standard operators (``"ai.onnx"`` is normalised to it).
        inputs: Tensor names by position; an empty one is an omitted optional input.
        outputs: Likewise.
        attributes: int, float, str, bytes, list of those, ndarray (tensor; None in its
            place where its payload was skipped), ``Graph``, or in a function's body `Reference`.
        raw: The attributes as serialized in the file (fields 5 of the ``NodeProto``), without
            subgraphs and large lists, for the C++ inference.
        overload: Of the model-local function it calls; mostly empty.
    """

    name: str
    op_type: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    raw: bytes = b""
    overload: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """A model as written by its exporter, functions included, weights left where they are.

    Attributes:
        name: The graph's own.
        nodes: In file order, which ONNX requires to be topological.
        tensors: Everything the file declares a type for, by name: inputs, outputs, value_info,
            initializers.
        inputs: Names of what is fed at run time; initializers that are also listed as inputs
            (IR version < 4) are not among them.
        outputs: Names of what comes out.
        values: The payloads worth keeping: shapes, indices, scalars.
        opsets: Version by domain, ``""`` being the standard one.
        ir_version: Of the file.
        producer: ``"pytorch 2.13.0"``, or empty.
        functions: Model-local functions by (domain, name, overload), each as a Graph whose
            ``inputs``/``outputs`` are its formal parameters.
        bytes_read: How much of the file was looked at.
        bytes_total: The file's size (of this file alone, without external data).
        weight_bytes: Bytes of all initializers, present or external.
        external: Names of the external data files it refers to.
        sha256: Digest of all that was read, weights left out: the same graph with other weights
            has the same one.
        defaults: Of a function's attributes.
    """

    name: str
    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=lambda: _NOTHING)
    opsets: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    ir_version: int = 0
    producer: str = ""
    functions: Mapping[tuple[str, str, str], "Graph"] = field(default_factory=lambda: _NOTHING)
    bytes_read: int = 0
    bytes_total: int = 0
    weight_bytes: int = 0
    external: tuple[str, ...] = ()
    sha256: str = ""
    defaults: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class FreeDim:
    """A free input dimension and what it was set to.

    Attributes:
        symbol: Its name, as ``--dim`` takes it.
        value: What it was set to.
        why: ``"given"``, or the guess in words: ``"guess: batch 1"``.
        uses: ``(input name, axis)`` of each place it stands in.
        is_batch: It is the batch dimension.
    """

    symbol: str
    value: int
    why: str
    uses: tuple[tuple[str, int], ...]
    is_batch: bool = False


@dataclass(frozen=True, slots=True)
class Assumption:
    """A shape or trip count that the graph alone does not decide."""

    node: str
    op_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShapedGraph:
    """A graph in which every shape is a number.

    Attributes:
        graph: What it was made from.
        nodes: In execution order: functions inlined, the bodies of If, Loop and Scan spliced in
            (their names prefixed with the path of the node they stand in).
        repeats: How often each of ``nodes`` runs (trip count of the loops around it).
        tensors: Every name that ``nodes`` use, with static dims and dtype.
        values: What is known without running: shapes, indices, small constants.
        constant: Names that depend on no graph input: initializers and all computed from them
            alone. A runtime computes them once, at load.
        inputs: Of the graph.
        outputs: Of the graph.
        dims: The free dimensions and what they were set to.
        assumptions: Upper bounds and guesses, by node.
        carried: Names that one iteration of a loop hands to the next.
    """

    graph: Graph
    nodes: tuple[Node, ...]
    repeats: tuple[int, ...]
    tensors: Mapping[str, Tensor]
    values: Mapping[str, Value]
    constant: frozenset[str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dims: tuple[FreeDim, ...]
    assumptions: tuple[Assumption, ...]
    carried: frozenset[str] = frozenset()
