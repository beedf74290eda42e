"""The layers that text models are made of, as nodes of a graph.

``[B, S, D]`` stands for sequences, tokens of each and width. Every function takes the builder of
the graph, and the module's path as ``at``; weights are named after it.
"""

from dataclasses import dataclass

from phantomgpu.families.builder import Builder
from phantomgpu.families.config import Config

_TANH = frozenset({"gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python_tanh"})
_GELU = frozenset({"gelu", "gelu_python"})
_PLAIN = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def activation_in(config: Config, key: str, default: str) -> str:
    """The activation that a configuration names.

    Raises:
        ModelError: It is none that is known.
    """
    name = config.text(key, default)
    known = {"silu", "swish", "quick_gelu", *_TANH, *_GELU, *_PLAIN}
    if name not in known:
        raise config.wrong(key, f"one of {', '.join(sorted(known))}")
    return name


def activate(b: Builder, x: str, name: str, at: str) -> str:
    """Apply an activation to every element, in the steps that PyTorch's exporters write."""
    if name in ("silu", "swish"):
        return b.op("Mul", x, b.op("Sigmoid", x, at=at), at=at)
    if name == "quick_gelu":
        scaled = b.op("Mul", x, b.constant(1.702, b.dtype), at=at)
        return b.op("Mul", x, b.op("Sigmoid", scaled, at=at), at=at)
    if name in _GELU:
        root, one, half = (b.constant(value, b.dtype) for value in (2.0**0.5, 1.0, 0.5))
        gate = b.op("Add", b.op("Erf", b.op("Div", x, root, at=at), at=at), one, at=at)
        return b.op("Mul", b.op("Mul", x, gate, at=at), half, at=at)
    if name in _TANH:
        return b.op("Gelu", x, at=at, approximate="tanh")
    return b.op(_PLAIN[name], x, at=at)


def linear(b: Builder, x: str, at: str, k: int, n: int, *, bias: bool = False) -> str:
    """Multiply ``[*, k]`` by a weight ``[k, n]``; add ``[n]`` where there is a bias."""
    made = b.op("MatMul", x, b.weight(f"{at}/weight", k, n), at=at)
    return b.op("Add", made, b.weight(f"{at}/bias", n), at=at) if bias else made


def normalise(b: Builder, x: str, at: str, width: int, *, kind: str = "rms") -> str:
    """Normalise over the last axis.

    Args:
        b: Of the graph.
        x: ``[*, width]``.
        at: Module.
        width: Of the last axis.
        kind: ``"rms"``: a scale. ``"layer"``: scale and bias. ``"scale"``: LayerNorm without bias.
    """
    scale = b.weight(f"{at}/weight", width)
    if kind == "rms":
        return b.op("RMSNormalization", x, scale, at=at, axis=-1)
    bias = (b.weight(f"{at}/bias", width),) if kind == "layer" else ()
    return b.op("LayerNormalization", x, scale, *bias, at=at, axis=-1)


@dataclass(frozen=True, slots=True)
class FeedForward:
    """Two products with an activation between, or three where a gate is multiplied in.

    Attributes:
        inner: Width between.
        activation: Its name as configurations write it.
        gated: Whether a second product is activated and multiplied in.
        bias: Whether the products have biases.
    """

    inner: int
    activation: str
    gated: bool = True
    bias: bool = False


def feed_forward(b: Builder, x: str, at: str, width: int, plan: FeedForward) -> str:
    """``[*, width]`` through the network and back."""
    if plan.gated:
        gate = linear(b, x, f"{at}/gate_proj", width, plan.inner, bias=plan.bias)
        up = linear(b, x, f"{at}/up_proj", width, plan.inner, bias=plan.bias)
        hidden = b.op("Mul", activate(b, gate, plan.activation, f"{at}/act"), up, at=f"{at}/act")
        return linear(b, hidden, f"{at}/down_proj", plan.inner, width, bias=plan.bias)
    hidden = linear(b, x, f"{at}/fc_in", width, plan.inner, bias=plan.bias)
    hidden = activate(b, hidden, plan.activation, f"{at}/act")
    return linear(b, hidden, f"{at}/fc_out", plan.inner, width, bias=plan.bias)


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of gated feed-forward networks, of which each token goes through a few.

    Attributes:
        count: Experts.
        chosen: Of them, for each token.
        inner: Width between the products of one.
        activation: Its name.
        bias: Whether router and experts have biases.
        shared_inner: Width of a network that all tokens go through besides; 0 for none.
        shared_gate: Whether a product with one column scales what that network gives.
        score_bias: Whether a parameter for each expert is added to its score.
    """

    count: int
    chosen: int
    inner: int
    activation: str
    bias: bool = False
    shared_inner: int = 0
    shared_gate: bool = False
    score_bias: bool = False


def experts(b: Builder, x: str, at: str, width: int, plan: Experts) -> str:
    """``[B, S, width]`` through the experts that the router chooses."""
    scores = linear(b, x, f"{at}/gate", width, plan.count, bias=plan.bias)
    scores = b.op("Softmax", scores, at=f"{at}/gate", axis=-1)
    ranked = scores
    if plan.score_bias:
        ranked = b.op("Add", scores, b.weight(f"{at}/gate/score_bias", plan.count), at=f"{at}/gate")
    share, chosen = b.ops(
        "TopK", ranked, b.constant([plan.chosen]), at=f"{at}/gate", count=2, axis=-1
    )
    inner = plan.inner
    gate = _grouped(b, x, chosen, f"{at}/experts/gate_proj", plan, width, inner)
    up = _grouped(b, x, chosen, f"{at}/experts/up_proj", plan, width, inner)
    act = f"{at}/experts/act"
    hidden = b.op("Mul", activate(b, gate, plan.activation, act), up, at=act)
    made = _grouped(b, hidden, chosen, f"{at}/experts/down_proj", plan, inner, width)
    weighted = b.op("Mul", made, b.op("Unsqueeze", share, b.constant([-1])), at=f"{at}/combine")
    out = b.op("ReduceSum", weighted, b.constant([-2]), at=f"{at}/combine", keepdims=0)
    return b.op("Add", out, _shared(b, x, at, width, plan), at=at) if plan.shared_inner else out


def _shared(b: Builder, x: str, at: str, width: int, plan: Experts) -> str:
    network = FeedForward(plan.shared_inner, plan.activation)
    made = feed_forward(b, x, f"{at}/shared_expert", width, network)
    if not plan.shared_gate:
        return made
    gate = linear(b, x, f"{at}/shared_expert_gate", width, 1)
    return b.op("Mul", made, b.op("Sigmoid", gate, at=at), at=at)


def _grouped(b: Builder, x: str, chosen: str, at: str, plan: Experts, k: int, n: int) -> str:
    """``[B, S, k]`` or ``[B, S, chosen, k]`` by the chosen experts' ``[k, n]``, and their bias."""
    weight = b.weight(f"{at}/weight", plan.count, k, n)
    bias = (b.weight(f"{at}/bias", plan.count, n),) if plan.bias else ()
    return b.op("ExpertMatMul", x, weight, chosen, *bias, at=at, domain="phantomgpu")
