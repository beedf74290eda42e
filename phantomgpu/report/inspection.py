"""A model and what a runtime makes of it, as the JSON document of ``inspect --json``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from phantomgpu.families import Definition
from phantomgpu.onnx.graph import Dim, Graph, ShapedGraph, Tensor
from phantomgpu.report.kernels import kernel_work
from phantomgpu.serving import KV_PRECISIONS, cache_bytes_per_token
from phantomgpu.workload import Workload


def inspection_json(
    graph: Graph,
    shaped: ShapedGraph,
    workload: Workload,
    *,
    name: str,
    timeline: Sequence[tuple[str, int]] = (),
    why: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What is known of a model without any GPU.

    Args:
        graph: As written in the file.
        shaped: With every shape known.
        workload: As its runtime would run it, at one batch and precision.
        name: What people call it.
        timeline: What each launch is, and activation bytes alive while it runs, in order.
        why: Why free dimensions have the size they have, where that is not the shapes' to say.
    """
    kernels = workload.kernels
    matrix_flops = int((kernels.matrix_flops * kernels.count).sum())
    other_flops = int(((kernels.vector_flops + kernels.special_flops) * kernels.count).sum())
    return {
        "model": model_json(graph, name=name),
        "inputs": inputs_json(graph, shaped, why),
        "parameters": parameter_count(graph),
        "weight_bytes": graph.weight_bytes,
        "macs": matrix_flops // 2,
        "flops": matrix_flops + other_flops,
        "operators": operators_json(shaped),
        "shapes": shapes_json(shaped, workload),
        "run": {
            "runtime": workload.runtime,
            "precision": workload.precision,
            "batch": workload.batch,
            "launches": int(kernels.count.sum()),
            "weight_bytes": workload.weight_bytes,
            "peak_activation_bytes": workload.peak_activation_bytes,
            "input_bytes": workload.input_bytes,
            "output_bytes": workload.output_bytes,
        },
        "kernels": kernel_work(workload),
        "memory": [{"kernel": kernel, "alive_bytes": alive} for kernel, alive in timeline],
    }


def model_json(graph: Graph, *, name: str) -> dict[str, Any]:
    """What the file says of itself."""
    return {
        "name": name,
        "graph": graph.name,
        "producer": graph.producer,
        "ir_version": graph.ir_version,
        "opsets": {domain or "ai.onnx": version for domain, version in graph.opsets.items()},
        "nodes": len(graph.nodes),
        "bytes_read": graph.bytes_read,
        "bytes_total": graph.bytes_total,
        "external": list(graph.external),
        "sha256": graph.sha256,
    }


def inputs_json(
    graph: Graph, shaped: ShapedGraph, why: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Each input with its dimensions, and what each free one was set to, and why."""
    reasons = why or {}
    return [
        {
            "name": name,
            "dtype": graph.tensors[name].dtype,
            "dims": _dims(graph.tensors[name]),
            "shape": _dims(shaped.tensors[name]) if name in shaped.tensors else None,
            "free": [
                {
                    "symbol": dim.symbol,
                    "axis": axis,
                    "value": dim.value,
                    "why": reasons.get(dim.symbol, dim.why),
                    "is_batch": dim.is_batch,
                }
                for dim in shaped.dims
                for used_by, axis in dim.uses
                if used_by == name
            ],
        }
        for name in graph.inputs
    ]


def operators_json(shaped: ShapedGraph) -> dict[str, int]:
    """How many nodes each operator has, functions and subgraphs spliced in; most first."""
    counts = Counter(
        f"{node.domain}.{node.op_type}" if node.domain else node.op_type for node in shaped.nodes
    )
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def shapes_json(shaped: ShapedGraph, workload: Workload) -> dict[str, Any]:
    """How many nodes have static shapes, and what is only approximate, and why."""
    static = sum(
        all(not name or _is_static(shaped.tensors.get(name)) for name in node.outputs)
        for node in shaped.nodes
    )
    approximate = [
        {"node": item.node, "op": item.op_type, "reason": item.reason}
        for item in shaped.assumptions
    ]
    approximate += [
        {"node": ", ".join(nodes), "op": names.op, "reason": names.approximation}
        for names in workload.names
        if names.approximation
        for nodes in names.nodes
    ]
    return {"nodes": len(shaped.nodes), "static": static, "approximate": approximate}


def parameter_count(graph: Graph) -> int:
    """Elements of the floating-point weights in the file; index and shape tensors left out.

    Quantised weights count too: 8 bits and less are weights, 16 bits and more of whole
    numbers are indices.
    """
    narrow = ("int8", "uint8", "int4", "uint4", "int2", "uint2")
    return sum(
        tensor.size
        for tensor in graph.tensors.values()
        if tensor.is_weight
        and _is_static(tensor)
        and (tensor.dtype.startswith(("float", "bfloat")) or tensor.dtype in narrow)
    )


def generation_json(definition: Definition) -> dict[str, Any] | None:
    """What a model that generates tokens keeps of each of them; None of one that does not.

    Returns:
        layers; context_tokens; window_tokens; sound_s: of sound that an encoder reads, 0 where it
        reads tokens; kv_bytes_per_token by what the cache is kept in.
    """
    found = definition.generation
    if found is None:
        return None
    return {
        "layers": found.layers,
        "context_tokens": found.context_tokens,
        "window_tokens": found.window_tokens,
        "sound_s": found.sound_s,
        "kv_bytes_per_token": {
            name: cache_bytes_per_token(found, element_bytes=width)
            for name, width in KV_PRECISIONS.items()
        },
    }


def definition_json(definition: Definition) -> dict[str, Any]:
    """What a configuration describes.

    Returns:
        family; parameters of all parts; steps of a diffusion run, else 0; parts: name, whether
        every step goes through it, evaluations of a sample, sizes that the definition decides;
        notes: what was approximated, and what the weights' files hold.
    """
    return {
        "family": definition.family,
        "parameters": definition.parameters,
        "steps": definition.steps,
        "parts": [
            {
                "name": part.name,
                "per_step": part.per_step,
                "evaluations": part.evaluations,
                "dims": dict(part.dims),
                "is_shown": part is definition.main,
            }
            for part in definition.parts
        ],
        "notes": list(definition.notes),
    }


def _dims(tensor: Tensor) -> list[Dim] | None:
    return None if tensor.dims is None else list(tensor.dims)


def _is_static(tensor: Tensor | None) -> bool:
    return (
        tensor is not None
        and tensor.dims is not None
        and all(isinstance(dim, int) for dim in tensor.dims)
    )
