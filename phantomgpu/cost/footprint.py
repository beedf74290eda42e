"""Device memory that a run needs."""


def footprint_bytes(*, weights: int, activations: int, workspace: int, context: int) -> int:
    """Bytes resident while a model runs: all of it at once.

    Args:
        weights: Bytes of the resident weights.
        activations: Most bytes of activations alive at once.
        workspace: Scratch memory of the runtime's kernels.
        context: What the runtime itself holds (CUDA context, libraries).

    Returns:
        Bytes.

    Source:
        NVIDIA, "TensorRT Developer Guide", section "The Runtime Phase: device memory" names
        the same four parts.

    >>> footprint_bytes(weights=4, activations=3, workspace=2, context=1)
    10
    """
    return weights + activations + workspace + context
