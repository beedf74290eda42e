"""Operators that ``families`` writes where ONNX has none: domain ``phantomgpu``.

``ExpertMatMul`` is the grouped product of a mixture of experts, ``LatentAttention`` the attention
over a compressed cache of DeepSeek-V2. Their shapes are in ``onnx/rules/own.py``.
"""

from math import prod

from phantomgpu.ops.attention import Heads, attend
from phantomgpu.ops.call import Call
from phantomgpu.ops.work import Demand, Parallel


def touched_experts(experts: int, chosen: int, tokens: int) -> float:
    """Expected number of experts that at least one of ``tokens`` is sent to.

    Each token goes to ``chosen`` of ``experts`` different ones, all equally likely and apart from
    the others: an expert is left out by a token with probability ``1 - chosen/experts``.

    >>> touched_experts(8, 2, 1), round(touched_experts(256, 8, 64), 1)
    (2.0, 222.4)
    """
    chosen = min(chosen, experts)
    return experts * (1.0 - (1.0 - chosen / experts) ** tokens)


def expert_matmul(call: Call) -> Demand:
    """Multiply ``[*, K]`` or ``[*, k, K]`` by ``k`` of ``[E, K, N]`` for each token: ``[*, k, N]``.

    Input 2, ``[*, k]``, says which; input 3, ``[E, N]``, is a bias where there is one.
    ``2·tokens·k·K·N`` FLOPs; only the weights of the experts that are expected to be touched are
    read.
    """
    experts, inner, columns = call.dims(1, rank=3)
    chosen = call.dims(2, rank=1)
    routed, tokens = prod(chosen), prod(chosen[:-1])
    touched = touched_experts(experts, chosen[-1], tokens)
    groups = max(round(touched), 1)
    return call.demand(
        "matmul",
        Parallel(m=max(-(-routed // groups), 1), n=columns, k=inner, batch=groups),
        matrix=2 * routed * inner * columns,
        reads={1: round(touched * inner * columns)},
    )


def latent_attention(call: Call) -> Demand:
    """Attention of ``[B, S, H, r]`` and ``[B, S, H, p]`` over latents ``[B, T, r]``, ``[B, T, p]``.

    Inputs: query in the latent space, rotary query, new latents, new rotary keys, past latents,
    past rotary keys. One head of keys of width ``r + p`` serves all ``H``; the latents themselves
    are the values, so the cache is read once: ``2·B·H·S·T·(2·r + p)`` FLOPs. Causal.

    Source: DeepSeek-AI, "DeepSeek-V2", arXiv:2405.04434, section 2.1 and appendix C, with the
    up-projections absorbed.
    """
    batch, tokens, heads, latent = call.dims(0, rank=4)
    rotary = call.dims(1, rank=4)[3]
    past = call.dims(4, rank=3)[1] if call.has(4) else 0
    return attend(
        call,
        Heads(
            sequences=batch,
            heads=heads,
            kv_heads=1,
            queries=tokens,
            keys=past + call.dims(2, rank=3)[1],
            width=latent + rotary,
            value_width=latent,
            causal=True,
        ),
    )
