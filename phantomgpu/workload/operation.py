"""One operation of the fused schedule: the graph nodes, or parts of them, one kernel does."""

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from phantomgpu.ops import Family

Role = Literal["whole", "unbiased", "bias", "copy"]
"""Which share of a node's demand a part is (``columns.py`` computes it).

``whole``: all of it. ``unbiased``: all but adding the bias. ``bias``: adding the bias.
``copy``: one tensor written anew, in another layout or width; the node is where it is needed.
"""

SYNTHETIC: Final = "\0"
"""Stands in the name of every tensor that the lowering makes itself: ``"y\\0unbiased"``."""


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the demand of one graph node.

    Attributes:
        node: Index into ``ShapedGraph.nodes``.
        role: Which share.
        tensor: What a ``copy`` copies; empty otherwise.
    """

    node: int
    role: Role = "whole"
    tensor: str = ""


@dataclass(frozen=True, slots=True)
class Op:
    """One kernel to be.

    Attributes:
        kind: What a framework would call it: the operator type of a single node, or the name a
            pattern gave ("LayerNormalization", "Gelu", "Attention").
        label: Its parts as people read them: ``"Conv+BatchNormalization+Relu"``.
        family: Kernel family; of the anchor in a fused operation.
        parts: What it does, in execution order.
        args: Buffers it reads, by the position of the operator's inputs where it has one; an
            empty name is an omitted input. Views are resolved to what they look at.
        outputs: Buffers it writes that others, or the caller, read.
        repeats: Times it runs in one run of the model (trip count of the loops around it).
        anchor: Index into ``parts`` of the one whose parallel shape the kernel has.
        kv_groups: Query heads that share a KV head, where a pattern found out.
        quantised: Data type its products are made of, where quantise and dequantise pairs say so.
        abreast: Its parts are products of one input: one product as wide as all of them.
    """

    kind: str
    label: str
    family: Family
    parts: tuple[Part, ...]
    args: tuple[str, ...]
    outputs: tuple[str, ...]
    repeats: int = 1
    anchor: int = 0
    kv_groups: int = 0
    quantised: str = ""
    abreast: bool = False
    inputs: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        distinct = tuple(dict.fromkeys(name for name in self.args if name))
        object.__setattr__(self, "inputs", distinct)

    def reading(self, renamed: dict[str, str]) -> "Op":
        """The same operation with some of its inputs replaced."""
        return replace(self, args=tuple(renamed.get(name, name) for name in self.args))

    def writing(self, outputs: tuple[str, ...]) -> "Op":
        """The same operation with its result under other names."""
        return replace(self, outputs=outputs)
