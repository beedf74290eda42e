"""Profiles to JSON, in the units that data sheets use."""

from typing import Any, Final

from phantomgpu.hardware import GpuProfile, Runtime
from phantomgpu.hardware.toml import GB_PER_S, GIB, KIB, MHZ, MIB, TFLOPS, US
from phantomgpu.report.rounding import rounded


def gpu_json(profile: GpuProfile) -> dict[str, Any]:
    """One GPU: its spec as data sheets state it, calibration, and the source of each value."""
    spec = profile.spec
    return {
        "id": profile.id,
        "name": profile.name,
        "vendor": spec.vendor,
        "architecture": spec.architecture,
        "basis": profile.calibration.basis,
        "fitted_on": profile.calibration.fitted_on,
        "spec": {
            "memory_gb": rounded(spec.memory_bytes / GIB),
            "bandwidth_gb_per_s": rounded(spec.bandwidth_bytes_per_s / GB_PER_S),
            "sm_count": spec.sm_count,
            "base_clock_mhz": rounded(spec.base_clock_hz / MHZ),
            "boost_clock_mhz": rounded(spec.boost_clock_hz / MHZ),
            "l2_mb": rounded(spec.l2_bytes / MIB),
            "shared_kb_per_sm": rounded(spec.shared_bytes_per_sm / KIB),
            "tdp_w": rounded(spec.tdp_w),
            "idle_w": rounded(spec.idle_w),
            "peak_tflops": {
                name: rounded(peak / TFLOPS) for name, peak in spec.peak_flops_per_s.items()
            },
        },
        "calibration": {name: rounded(value) for name, value in profile.calibration.values.items()},
        "sources": dict(profile.sources),
        "warnings": list(profile.warnings),
        "origin": profile.origin,
    }


def runtime_json(runtime: Runtime) -> dict[str, Any]:
    """One runtime: what it fuses, what a launch costs, what it runs."""
    return {
        "id": runtime.id,
        "name": runtime.name,
        "fusion": list(runtime.fusion),
        "casts": runtime.casts,
        "launch_us": rounded(runtime.launch_s / US),
        "dispatch_us": rounded(runtime.dispatch_s / US),
        "start_us": rounded(runtime.start_s / US),
        "context_mb": rounded(runtime.context_bytes / MIB),
        "workspace_mb": rounded(runtime.workspace_bytes / MIB),
        "precisions": list(runtime.precisions),
        "vendors": list(runtime.vendors),
        "models": runtime.models,
        "sources": dict(runtime.sources),
        "origin": runtime.origin,
    }


SPEC_LABELS: Final[dict[str, tuple[str, str]]] = {
    "memory_gb": ("memory", "GB"),
    "bandwidth_gb_per_s": ("memory bandwidth", "GB/s"),
    "sm_count": ("multiprocessors", ""),
    "base_clock_mhz": ("base clock", "MHz"),
    "boost_clock_mhz": ("boost clock", "MHz"),
    "l2_mb": ("L2 cache", "MB"),
    "shared_kb_per_sm": ("shared memory per multiprocessor", "KB"),
    "tdp_w": ("board power limit", "W"),
    "idle_w": ("power at rest", "W"),
}
"""What each figure of ``spec`` is called, and its unit."""
