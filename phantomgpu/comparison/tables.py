"""Kernel tables of a request, checked, and the models that they stand for."""

from collections.abc import Mapping
from typing import Any

from phantomgpu.errors import RequestError
from phantomgpu.onnx.graph import Graph
from phantomgpu.workload.table import Part, parts_of, table_graph

Table = Mapping[str, Any]


def checked_table(name: str, document: object, *, label: str) -> Table:
    """A kernel table of a request as it is, once it is known to be one.

    Args:
        name: Of its model.
        document: ``parts``, see ``workload.tabulate``; ``graph`` where it is one that boards
            measured: the digest of that graph.
        label: What the user knows the field as.

    Raises:
        RequestError: It is none.
    """
    where = f"{label}, {name}"
    if not isinstance(document, Mapping) or not set(document) <= {"graph", "parts"}:
        raise _no_table("it has other fields than parts and graph", where)
    if not isinstance(document.get("graph", ""), str) or len(document.get("graph", "")) > 64:
        raise _no_table("its graph is not the digest of one", where)
    parts_of(document.get("parts"), where=where)
    return document


def opened_table(name: str, table: Table) -> tuple[Graph, tuple[Part, ...]]:
    """The graph that stands for a table's model, and the parts of the table."""
    parts = parts_of(table["parts"], where=f"tables, {name}")
    return table_graph(name, parts, sha256=table.get("graph", "")), parts


def _no_table(what: str, where: str) -> RequestError:
    return RequestError(
        f"the kernel table cannot be used: {what}",
        where=where,
        fix="ask its sender for a new link or file",
    )
