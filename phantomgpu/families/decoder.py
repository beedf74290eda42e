"""A decoder's plan to its definition: embedding, stacks of layers, the last token's logits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from phantomgpu.errors import LimitError
from phantomgpu.families.builder import Body, Builder, cast_to, in_stacks
from phantomgpu.families.definition import Definition, Generation, Part
from phantomgpu.families.layers import (
    Experts,
    FeedForward,
    activate,
    experts,
    feed_forward,
    linear,
    normalise,
)
from phantomgpu.families.mixers import Grouped, Latent, Positions, grouped, latent

_MOST_TURNED: Final = 1 << 16

Residual = Literal["after", "beside", "beside-one-norm"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: how its tokens attend, and what each goes through then."""

    mixer: Grouped | Latent
    network: FeedForward | Experts


@dataclass(frozen=True, slots=True)
class Plan:
    """A decoder in numbers.

    Attributes:
        hidden: Width of the residual stream.
        vocabulary: Words.
        layers: In order.
        context: Most tokens it was made for; 0 where it does not say.
        norm: Kind of its norms: ``"rms"``, ``"layer"``, ``"scale"``.
        residual: Where the network stands: ``"after"`` attention, or ``"beside"`` it with a norm
            of its own, or with the same norm.
        norms_after: Whether attention and network are normalised before they are added, too.
        tied: Whether the embedding is also the last product's weight.
        positions: Rows of a learned table of positions; 0 for none.
        embedding_norm: Whether the embedding is normalised.
        scaled: Whether the embedding is multiplied by a constant.
        softcap: Bound of the logits; 0 for none.
        logits_bias: Whether the last product has a bias.
    """

    hidden: int
    vocabulary: int
    layers: tuple[Layer, ...]
    context: int = 0
    norm: str = "rms"
    residual: Residual = "after"
    norms_after: bool = False
    tied: bool = False
    positions: int = 0
    embedding_norm: bool = False
    scaled: bool = False
    softcap: float = 0.0
    logits_bias: bool = False


def decoder(plan: Plan, *, name: str, notes: tuple[str, ...] = ()) -> Definition:
    """The definition of a model that generates text.

    Its graph takes ``input_ids [batch, sequence]``, their positions, and for each stack of layers
    what was kept of ``past`` tokens. It gives the logits of the last token and what to keep of the
    new ones.

    Raises:
        LimitError: Larger than any model of its kind.
    """
    b = Builder(name, stored_bits=16)
    tokens = b.input("input_ids", "batch", "sequence", dtype="int64")
    where, x = _start(b, plan, tokens)
    normed = normalise(b, x, "first/input_norm", plan.hidden, kind=plan.norm)
    carried: tuple[str, ...] = (x, normed)
    if plan.residual == "beside":
        second = normalise(b, x, "first/network_norm", plan.hidden, kind=plan.norm)
        carried = (*carried, second)
    stacks = list(in_stacks(plan.layers))
    for number, (times, kinds) in enumerate(stacks):
        title = "layers" if len(stacks) == 1 else f"layers_{number}"
        carried = b.stack(title, times, carried, _Stack(plan, kinds, where).write)
    _finish(b, plan, carried[1])
    return Definition(
        name=name,
        family="decoder",
        parameters=b.parameters - _unused(plan),
        parts=(Part("decoder", b.graph(), per_step=True),),
        generation=_generation(plan),
        notes=notes,
    )


def _start(b: Builder, plan: Plan, tokens: str) -> tuple[Positions, str]:
    """Tables of positions, and the embedded tokens."""
    x = b.op("Gather", b.weight("embed_tokens/weight", plan.vocabulary, plan.hidden), tokens,
             at="embed_tokens")  # fmt: skip
    if plan.scaled:
        x = b.op("Mul", x, b.constant(plan.hidden**0.5, b.dtype), at="embed_tokens")
    mixers = [layer.mixer for layer in plan.layers]
    rotary = max(mixer.rotary for mixer in mixers)
    if rotary > _MOST_TURNED:
        raise LimitError(
            f"{rotary:,} elements of a head are rotated",
            where="config.json",
            fix=f"take the config.json that was published with the model; {_MOST_TURNED:,} at most",
        )
    cosine = sine = is_prompt = ""
    if rotary or plan.positions:
        positions = b.input("position_ids", "batch", "sequence", dtype="int64")
    if plan.positions:
        table = b.weight("embed_positions/weight", plan.positions, plan.hidden)
        x = b.op("Add", x, b.op("Gather", table, positions, at="embed_positions"))
    if rotary:
        steps = b.constant([10_000.0 ** (-2 * i / rotary) for i in range(rotary // 2)], "float32")
        angle = b.op("Cast", positions, at="rotary", to=cast_to("float32"))
        angle = b.op("Mul", b.op("Unsqueeze", angle, b.constant([-1])), steps, at="rotary")
        cosine, sine = (
            b.op("Cast", b.op(kind, angle, at="rotary"), at="rotary", to=cast_to(b.dtype))
            for kind in ("Cos", "Sin")
        )
    if any(isinstance(mixer, Latent) for mixer in mixers):
        length = b.op("Shape", tokens, start=1, end=2)
        is_prompt = b.op("Squeeze", b.op("Greater", length, b.constant([1])))
    if plan.embedding_norm:
        x = normalise(b, x, "embed_norm", plan.hidden, kind=plan.norm)
    return Positions(cosine, sine, is_prompt), x


@dataclass(frozen=True, slots=True)
class _Stack:
    """Writes the layers that one stack repeats."""

    plan: Plan
    kinds: Sequence[Layer]
    where: Positions

    def write(self, b: Body, carried: Sequence[str]) -> Sequence[str]:
        """From the residual stream and its norms to those of the next layer."""
        for number, layer in enumerate(self.kinds):
            prefix = f"{number}/" if len(self.kinds) > 1 else ""
            carried = self._layer(b, layer, prefix, carried)
        return carried

    def _layer(self, b: Body, layer: Layer, at: str, carried: Sequence[str]) -> Sequence[str]:
        plan, x = self.plan, carried[0]
        attended = self._attention(b, layer, f"{at}self_attn", carried[1])
        if plan.norms_after:
            attended = self._norm(b, attended, f"{at}attention_out_norm")
        if plan.residual == "after":
            x = b.op("Add", x, attended, at=f"{at}self_attn")
            made = self._network(b, layer, f"{at}mlp", self._norm(b, x, f"{at}network_norm"))
            if plan.norms_after:
                made = self._norm(b, made, f"{at}network_out_norm")
        else:
            made = b.op("Add", attended, self._network(b, layer, f"{at}mlp", carried[-1]))
        x = b.op("Add", x, made, at=f"{at}mlp")
        # The norm in front of the next layer; behind the last one, the final norm.
        left = [x, self._norm(b, x, f"{at}next_norm")]
        return [*left, self._norm(b, x, f"{at}next_network_norm")] if len(carried) > 2 else left

    def _norm(self, b: Body, x: str, at: str) -> str:
        return normalise(b, x, at, self.plan.hidden, kind=self.plan.norm)

    def _attention(self, b: Body, layer: Layer, at: str, x: str) -> str:
        if isinstance(layer.mixer, Latent):
            return latent(b, x, at, self.plan.hidden, layer.mixer, self.where)
        return grouped(b, x, at, self.plan.hidden, layer.mixer, self.where)

    def _network(self, b: Body, layer: Layer, at: str, x: str) -> str:
        if isinstance(layer.network, Experts):
            return experts(b, x, at, self.plan.hidden, layer.network)
        return feed_forward(b, x, at, self.plan.hidden, layer.network)


def _finish(b: Builder, plan: Plan, normed: str) -> None:
    """The last token's logits."""
    x = b.op("Gather", normed, b.constant(-1), axis=1)
    if plan.tied:
        weight = b.weight("embed_tokens/weight", plan.vocabulary, plan.hidden)
        x = b.op("MatMul", x, b.op("Transpose", weight, perm=[1, 0]), at="lm_head")
    else:
        x = linear(b, x, "lm_head", plan.hidden, plan.vocabulary)
    if plan.logits_bias:
        x = b.op("Add", x, b.weight("lm_head/bias", plan.vocabulary), at="lm_head")
    if plan.softcap:
        cap = b.constant(plan.softcap, b.dtype)
        x = activate(b, b.op("Div", x, cap, at="lm_head"), "tanh", "lm_head")
        x = b.op("Mul", x, cap, at="lm_head")
    b.output("logits", x, "batch", plan.vocabulary)


def _unused(plan: Plan) -> int:
    """Parameters of the last layer's norm beside the final one, which no network follows."""
    each = plan.hidden * (2 if plan.norm == "layer" else 1)
    return each if plan.residual == "beside" else 0


def _generation(plan: Plan) -> Generation:
    mixers = [layer.mixer for layer in plan.layers]
    return Generation(
        layers=len(mixers),
        cache_elements_per_token=sum(m.kept for m in mixers if not m.window),
        window_elements_per_token=sum(m.kept for m in mixers if m.window),
        window_tokens=max(m.window for m in mixers),
        context_tokens=plan.context,
        vocabulary=plan.vocabulary,
    )
