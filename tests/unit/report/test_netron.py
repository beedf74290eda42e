"""The attachment for Netron: what its viewer matches, and nothing counted twice."""

from math import fsum

import pytest

from phantomgpu.report.netron import netron_attachment


def a_step(kernel, nodes, total_ms):
    return {"kernel": kernel, "nodes": nodes, "anchor": nodes[0], "repeats": 1,
            "total_ms": total_ms, "alive_bytes": 0}  # fmt: skip


def an_explanation():
    work = {"flops": 10, "read_bytes": 3, "write_bytes": 1, "bound": "memory"}
    return {
        "cell": {
            "latency_ms": 0.6, "latency_low_ms": 0.5, "latency_high_ms": 0.7,
            "precision": "fp16", "batch": 8, "basis": "calibrated",
        },
        "gpu": {"id": "t4", "name": "Tesla T4"},
        "runtime": {"id": "tensorrt", "name": "TensorRT"},
        "kernels": [work | {"op": "Conv+Relu"}, work | {"op": "Softmax"}],
        "steps": [
            a_step(0, ["conv", "relu"], 0.1),
            a_step(1, ["soft"], 0.3),
            a_step(1, ["soft"], 0.2),
        ],
    }  # fmt: skip


def of(entries, target, name):
    return [e["value"] for e in entries if (e["target"], e["name"]) == (target, name)]


def test_signature_is_the_one_that_netron_looks_for():
    assert netron_attachment(an_explanation())["signature"] == "netron:attachment"


def test_latencies_of_all_nodes_add_up_to_the_models():
    metrics = netron_attachment(an_explanation())["metrics"]

    nodes = [float(e["value"]) for e in metrics if e["name"] == "latency (µs)"]
    assert fsum(nodes) == pytest.approx(600)
    assert of(metrics, "", "latency (ms)") == ["0.6"]


def test_fused_nodes_say_where_they_went():
    metadata = netron_attachment(an_explanation())["metadata"]

    assert of(metadata, "relu", "fused into") == ["conv"]
    assert of(metadata, "conv", "kernel") == ["Conv+Relu"]


def test_no_target_has_two_entries_of_one_name():
    found = netron_attachment(an_explanation())

    for entries in (found["metadata"], found["metrics"]):
        keys = [(e["kind"], e["target"], e["name"]) for e in entries]
        assert len(set(keys)) == len(keys)
