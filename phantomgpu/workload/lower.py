"""Graph to Schedule: the one verb of the package."""

from collections.abc import Mapping, Sequence

from phantomgpu.errors import ProfileError
from phantomgpu.onnx.graph import Graph
from phantomgpu.workload.fusion import check_rules
from phantomgpu.workload.schedule import Schedule
from phantomgpu.workload.shapings import Shapings


def lower(
    graph: Graph, *, fusion: Sequence[str], casts: str, runtime: str, dims: Mapping[str, int]
) -> Schedule:
    """What a runtime launches for a model, ready for any batch and precision.

    Args:
        graph: As read.
        fusion: Names of the rules the runtime applies, in order; docs/fusion.md lists them.
        casts: ``"none"``: weights and activations are stored at the precision. ``"autocast"``:
            weights stay fp32 and are cast in every run, as torch.autocast does.
        runtime: Id of the runtime; it goes into the workloads.
        dims: Free dimensions the user set: by symbol, or by ``"input:axis"``.

    Raises:
        ProfileError: There is no such rule or cast policy.
        ModelError: Shapes cannot be worked out.
    """
    check_rules(fusion)
    if casts not in ("none", "autocast"):
        raise ProfileError(
            f"casts is '{casts}'",
            where=f"runtime profile {runtime}, casts",
            fix="write 'none' or 'autocast'",
        )
    return Schedule(runtime, tuple(fusion), casts, Shapings(graph, dict(dims)))
