"""One point as an attachment for Netron: our figures in the sidebar of each node.

Netron merges a JSON file that is dropped onto an open model when it says
``"signature": "netron:attachment"``: its lists ``metadata`` and ``metrics`` hold entries of a
``kind``, a ``target`` (the name of a node; empty for the model), a ``name`` and a ``value``
(lutzroeder/netron, ``metadata.Attachment`` of the viewer's source; pull request 1418).
"""

from typing import Any, Final

from phantomgpu.report.rounding import rounded

Json = dict[str, Any]

SIGNATURE: Final = "netron:attachment"


def netron_attachment(explanation: Json) -> Json:
    """The attachment of a point.

    A kernel's time stands at the node that does most of its work, so that the latencies of all
    nodes add up to the model's; the nodes fused with it say where they went.

    Args:
        explanation: From ``explanation_json``.
    """
    cell, kernels = explanation["cell"], explanation["kernels"]
    facts = {
        "gpu": explanation["gpu"]["name"],
        "runtime": explanation["runtime"]["name"],
        "precision": cell["precision"],
        "batch": cell["batch"],
        "basis": cell["basis"],
    }
    metadata = [_entry("model", "", f"predicted for {key}", value) for key, value in facts.items()]
    metrics = [
        _entry("model", "", f"latency{part} (ms)", cell[f"latency{key}_ms"])
        for part, key in (("", ""), (" low", "_low"), (" high", "_high"))
        if cell[f"latency{key}_ms"] is not None
    ]
    spent_us: dict[str, float] = {}
    for step in explanation["steps"]:
        spent_us[step["anchor"]] = spent_us.get(step["anchor"], 0.0) + step["total_ms"] * 1e3
    total_us = sum(spent_us.values()) or 1.0
    told: set[str] = set()
    for step in explanation["steps"]:
        anchor, row = step["anchor"], kernels[step["kernel"]]
        if anchor and anchor not in told:
            told.add(anchor)
            metrics += [
                _entry("node", anchor, "latency (µs)", rounded(spent_us[anchor])),
                _entry(
                    "node", anchor, "share of the run (%)", _percent(spent_us[anchor], total_us)
                ),
                _entry("node", anchor, "FLOPs", row["flops"]),
                _entry("node", anchor, "bytes moved", row["read_bytes"] + row["write_bytes"]),
            ]
            metadata += [
                _entry("node", anchor, "kernel", row["op"]),
                _entry("node", anchor, "bound by", row["bound"]),
            ]
    for step in explanation["steps"]:
        for name in step["nodes"]:
            if name and name not in told:
                told.add(name)
                metadata.append(_entry("node", name, "fused into", step["anchor"]))
    return {"signature": SIGNATURE, "metadata": metadata, "metrics": metrics}


def _percent(part: float, whole: float) -> float | int | None:
    return rounded(100.0 * part / whole, digits=3)


def _entry(kind: str, target: str, name: str, value: object) -> Json:
    return {"kind": kind, "target": target.split("\n")[0], "name": name, "value": f"{value}"}
