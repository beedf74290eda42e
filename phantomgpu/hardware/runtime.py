"""A runtime as a profile describes it: what it fuses, what a launch costs, how it casts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime profile, checked.

    Attributes:
        id: The file's name without ``.toml``.
        name: For people.
        fusion: Names of the fusion rules it applies, in order (``workload/fusion.py`` lists them).
        casts: ``"none"`` (weights and activations are stored at the precision) or ``"autocast"``
            (weights stay fp32 and are cast on the way in, as torch.autocast does).
        launch_s: GPU-side gap between two dependent kernels.
        dispatch_s: Host time to issue one kernel; hidden when kernels are longer than it.
        start_s: Host and synchronisation time of one whole run.
        context_bytes: Memory the runtime itself holds on the device.
        workspace_bytes: Scratch memory for its kernels.
        precisions: What it can run.
        vendors: Whose GPUs it runs on.
        models: What it serves: ``"any"`` model, or ``"language"`` models only.
        calibration: Fitted kernel-quality factors by parameter name.
        sources: By dotted key.
        origin: The path it was read from.
    """

    id: str
    name: str
    fusion: tuple[str, ...]
    casts: str
    launch_s: float
    dispatch_s: float
    start_s: float
    context_bytes: int
    workspace_bytes: int
    precisions: tuple[str, ...]
    vendors: tuple[str, ...]
    calibration: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    models: str = "any"
