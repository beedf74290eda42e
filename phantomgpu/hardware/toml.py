"""The only place where GB, TFLOPS and microseconds become bytes, FLOP/s and seconds."""

from collections.abc import Mapping
from typing import Any, Final

from phantomgpu.hardware.check import Document, leaves
from phantomgpu.hardware.gpu import Architecture, Sm, Spec
from phantomgpu.hardware.runtime import Runtime, Serving

KIB: Final = 2**10
MIB: Final = 2**20
GIB: Final = 2**30
GB_PER_S: Final = 1e9
MHZ: Final = 1e6
TFLOPS: Final = 1e12
US: Final = 1e-6
LEFT_BY_ECC: Final = 15 / 16
"""Share of its capacity that a memory has left which keeps its ECC in itself."""

_WORDS: Final = ("fitted_on", "measured_on")
"""What a table of fitted values says in words."""


def spec_of(document: Document) -> Spec:
    """A checked and complete GPU document's ``[spec]`` in SI units."""
    spec = document["spec"]
    accumulate = spec.get("peak_tflops_fp16_accumulate", {})
    usable_gb = spec.get("usable_memory_gb", spec["memory_gb"])
    return Spec(
        vendor=spec["vendor"],
        architecture=spec["architecture"],
        sm_count=spec["sm_count"],
        base_clock_hz=spec.get("base_clock_mhz", 0) * MHZ,
        boost_clock_hz=spec["boost_clock_mhz"] * MHZ,
        tensor_clock_hz=spec.get("tensor_clock_mhz", 0) * MHZ,
        memory_bytes=round(usable_gb * GIB),
        bandwidth_bytes_per_s=spec["bandwidth_gb_per_s"] * GB_PER_S,
        l2_bytes=round(spec["l2_mb"] * MIB),
        shared_bytes_per_sm=round(spec["shared_kb_per_sm"] * KIB),
        peak_flops_per_s={name: peak * TFLOPS for name, peak in spec["peak_tflops"].items()},
        fp16_accumulate_flops_per_s=accumulate.get("fp16", 0) * TFLOPS,
        fp8_accumulate16_flops_per_s=accumulate.get("fp8", 0) * TFLOPS,
        tdp_w=float(spec["tdp_w"]),
        idle_w=float(spec.get("idle_w", 0)),
        ecc_in_memory=usable_gb == LEFT_BY_ECC * spec["memory_gb"],
    )


def architecture_of(document: Document, *, name: str) -> Architecture:
    """A checked and complete architecture document."""
    return Architecture(
        id=name,
        name=document["name"],
        vendor=document.get("vendor", ""),
        sms={
            kind: Sm(
                {rate: float(value) for rate, value in rates.items() if rate != "vector"},
                tuple(rates.get("vector", ())),
            )
            for kind, rates in document.get("sm", {}).items()
        },
    )


def runtime_of(
    document: Document,
    sources: Mapping[str, str],
    *,
    name: str,
    origin: str,
    attention_on: Mapping[str, Runtime],
) -> Runtime:
    """A checked and complete runtime document in SI units.

    Args:
        document: As it is written.
        sources: By dotted key.
        name: Its id.
        origin: The path it was read from.
        attention_on: Runtimes whose attention it takes, by architecture.
    """
    cost, memory = document["cost"], document["memory"]
    kernels = document.get("kernels", {})
    return Runtime(
        id=name,
        name=document["name"],
        fusion=tuple(document["graph"]["fusion"]),
        casts=document["graph"]["casts"],
        launch_s=cost["launch_us"] * US,
        dispatch_s=cost["dispatch_us"] * US,
        start_s=cost["start_us"] * US,
        context_bytes=round(memory["context_mb"] * MIB),
        workspace_bytes=round(memory["workspace_mb"] * MIB),
        precisions=tuple(document["precisions"]),
        vendors=tuple(document["vendors"]),
        models=document.get("models", "any"),
        decode_groups=(
            kernels.get("decode_group_least", 1),
            kernels.get("decode_group_most", 1_000_000),
        ),
        prompt_group_most=kernels.get("prompt_group_most", 1_000_000),
        packs_prompts_on=kernels.get("packs_prompts_on", ""),
        prompt_least=kernels.get("prompt_least", 2),
        unpacks_fp8_on=kernels.get("unpacks_fp8_on", ""),
        swaps_groups_on=tuple(kernels.get("swaps_groups_on", ())),
        decodes_alone_on=tuple(kernels.get("decodes_alone_on", ())),
        fills_rows_on=tuple(kernels.get("fills_rows_on", ())),
        narrows_queries_on=tuple(kernels.get("narrows_queries_on", ())),
        multiplies_fp8_on=tuple(kernels.get("multiplies_fp8_on", ())),
        unfused_on=tuple(kernels.get("unfused_on", ())),
        slow_launch_on=tuple(kernels.get("slow_launch_on", ())),
        held_columns_most=kernels.get("held_columns_most", 0),
        whole_heads_most=kernels.get("whole_heads_most", 0),
        vector_rows_most=kernels.get("vector_rows_most", 0),
        transposes_convs_on=tuple(kernels.get("transposes_convs_on", ())),
        whole_products=tuple(kernels.get("whole_products", ())),
        attention_on=attention_on,
        calibration=calibration_of(document),
        measured_on=tuple(document.get("calibration", {}).get("measured_on", ())),
        sources=sources,
        origin=origin,
        serving=serving_of(document.get("serving", {})),
    )


def serving_of(table: Document) -> Serving:
    """The ``[serving]`` of a checked runtime document in SI units."""
    plain = {name: value for name, value in table.items() if name != "request_us"}
    for name in ("kept", "quantises"):
        plain[name] = tuple(table.get(name, ()))
    for name in ("weight_bits", "head_bits"):
        plain[name] = dict(table.get(name, {}))
    return Serving(request_s=table.get("request_us", 0) * US, **plain)


def calibration_of(document: Document) -> Mapping[str, float]:
    """The fitted values of a document; empty where it has none."""
    table = document.get("calibration", {})
    return {name: float(value) for name, value in table.items() if name not in _WORDS}


def sources_of(document: Document) -> dict[str, str]:
    """Where each value of a document comes from, by its dotted key.

    A value without a line of its own in ``[sources]`` has that of the closest
    table around it; one without any is left out.
    """
    stated = {".".join(path): source for path, source in leaves(document.get("sources", {}))}
    found = {}
    for path, _ in leaves({k: v for k, v in document.items() if k != "sources"}):
        around = (".".join(path[:length]) for length in range(len(path), 0, -1))
        source = next((stated[key] for key in around if key in stated), None)
        if source is not None:
            found[".".join(path)] = source
    return found


def overlaid(below: Document, above: Document) -> dict[str, Any]:
    """One document on another: tables key by key, everything else replaced.

    Peaks are replaced as a whole, those with fp16 accumulation too: they
    belong to one board and are never mixed from two.
    """
    out = dict(below)
    if "peak_tflops" in above:
        out.pop("peak_tflops", None)
        out.pop("peak_tflops_fp16_accumulate", None)
    for name, value in above.items():
        under = out.get(name)
        is_table = isinstance(value, dict) and isinstance(under, dict)
        out[name] = overlaid(under, value) if is_table else value  # type: ignore[arg-type]
    return out
