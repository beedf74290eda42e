"""Shapes of the operators that ``phantomgpu.families`` writes where ONNX has none.

What they compute, ``phantomgpu/ops/own.py`` says.
"""

from collections.abc import Callable
from typing import Final

from phantomgpu.onnx.call import Call, Typed


def expert_matmul(call: Call) -> list[Typed]:
    """``[*, K]`` or ``[*, k, K]`` by ``[E, K, N]``, chosen by ``[*, k]``: ``[*, k, N]``."""
    return [(call.dtype(0), (*call.dims(2), call.dims(1)[2]))]


def latent_attention(call: Call) -> list[Typed]:
    """As the query in the latent space, ``[B, S, H, r]``."""
    return [(call.dtype(0), call.dims(0))]


OWN: Final[dict[str, Callable[[Call], list[Typed]]]] = {
    "ExpertMatMul": expert_matmul,
    "LatentAttention": latent_attention,
}
"""By operator."""
