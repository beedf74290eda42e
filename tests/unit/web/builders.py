"""Values of the page's state, valid by default."""

from typing import Any

from phantomgpu.comparison.search import searched
from web.state import initial

Json = dict[str, Any]


def a_gpu(gpu: str = "t4", **fields: Any) -> Json:
    return {
        "id": gpu,
        "name": gpu.upper(),
        "vendor": "nvidia",
        "architecture": "turing",
        "basis": "calibrated",
        "memory_gb": 16,
        "bandwidth_gb_per_s": 320,
        "peak_tflops": {"fp16": 65},
    } | fields


def a_model(model: str, name: str, task: str, parameters: int) -> Json:
    return {
        "id": model,
        "name": name,
        "task": task,
        "parameters": parameters,
        "search": searched(model, [model, name], task),
    }


def a_catalog(*gpus: Json) -> Json:
    return {
        "engine": "0.1.0",
        "models": [
            a_model("resnet50", "ResNet-50", "image classification", 25_557_032),
            a_model("bert-base", "BERT base", "text encoding", 109_482_240),
            a_model("gpt2", "GPT-2", "text generation, prompt", 124_000_000),
            a_model("llama", "Llama", "text generation", 8_000_000_000) | {"asks": "tokens"},
            a_model("sdxl", "SDXL", "images from text", 3_400_000_000) | {"asks": "steps"},
        ],
        "gpus": list(gpus) or [a_gpu("t4"), a_gpu("l4"), a_gpu("l40s")],
        "runtimes": [{"id": "tensorrt", "name": "TensorRT"},
                     {"id": "pytorch-eager", "name": "PyTorch eager"},
                     {"id": "vllm", "name": "vLLM", "models": "language"}],
        "precisions": ["fp32", "fp16", "int8"],
    }  # fmt: skip


def a_request(**fields: Any) -> Json:
    return {
        "models": ["resnet50"],
        "gpus": ["t4", "l4"],
        "runtimes": ["tensorrt"],
        "precisions": ["fp16"],
        "batches": [1, 8],
        "dims": {},
        "profiles": {},
        "tables": {},
        "prompt_tokens": 1024,
        "output_tokens": 256,
        "kv_precision": "fp16",
        "steps": 0,
    } | fields


def a_cell(gpu: str = "t4", batch: int = 8, latency_ms: float = 2.0, **fields: Any) -> Json:
    return {
        "model": "resnet50",
        "gpu": gpu,
        "runtime": "tensorrt",
        "precision": "fp16",
        "batch": batch,
        "latency_ms": latency_ms,
        "latency_low_ms": 0.9 * latency_ms,
        "latency_high_ms": 1.1 * latency_ms,
        "throughput_per_s": 1000 * batch / latency_ms,
        "memory_bytes": 2**30,
        "memory_limit_bytes": 16 * 2**30,
        "fits": True,
        "bound": "memory",
        "basis": "calibrated",
        "mfu": 0.4,
        "problem": None,
    } | fields


def a_failing_cell(gpu: str = "l4", batch: int = 8, **fields: Any) -> Json:
    nothing: Json = dict.fromkeys(
        ("latency_ms", "latency_low_ms", "latency_high_ms", "throughput_per_s", "bound", "mfu")
    )
    problem = {
        "code": "memory",
        "what": "needs 31.2 of 24 GB",
        "where": f"{gpu} under tensorrt, fp16, batch {batch}",
        "fix": "fits at batch 5 or less",
    }
    return a_cell(gpu, batch) | nothing | {"fits": False, "problem": problem} | fields


def a_comparison(*cells: Json) -> Json:
    default = [a_cell(gpu, batch, batch * 0.25) for gpu in ("t4", "l4") for batch in (1, 8)]
    return {"cells": list(cells) or default}


def an_inspection(model: str = "resnet50", *, batch: str | None = "N", **free: int) -> Json:
    dims = [] if batch is None else [_dim(batch, 1, is_batch=True)]
    dims += [_dim(symbol, value) for symbol, value in free.items()]
    return {
        "request": a_request(models=[model]),
        "document": {
            "model": {"nodes": 122, "bytes_read": 61_000, "bytes_total": 102_000_000},
            "operators": [{"op": "Conv+Relu", "launches": 49, "share": 0.99}],
            "inputs": [{"name": "input", "dtype": "float32", "free": dims}],
            "parameters": 25_557_032,
            "macs": 4_089_184_256,
            "approximate": 0,
            "examples": [],
        },
    }


def _dim(symbol: str, value: int, *, is_batch: bool = False) -> Json:
    return {"symbol": symbol, "axis": 0, "value": value, "why": "guess", "is_batch": is_batch}


def a_state(*cells: Json, **fields: Any) -> Json:
    inspection = fields.pop("inspection", None)
    state = initial(a_catalog(), a_request(), a_comparison(*cells), inspection)
    return state | {"engine": {"phase": "ready", "text": ""}} | fields
