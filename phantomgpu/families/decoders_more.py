"""``config.json`` of further decoder-only language models to plans, as in ``decoders``."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from phantomgpu.families.config import Config
from phantomgpu.families.decoder import Layer, Plan
from phantomgpu.families.decoders import (
    deepseek,
    gemma_activation,
    grouped_in,
    llama,
    plan_of,
    window_in,
    windowed,
)
from phantomgpu.families.layers import Experts, FeedForward, activation_in
from phantomgpu.families.mixers import Grouped


def gemma3(c: Config) -> Plan:
    """As Gemma 2, with normalised heads, five windowed layers for each that sees all, and no cap.

    Of a model that sees images too, its text part.
    """
    text = c.part("text_config") if "text_config" in c else c
    step = text.count("sliding_window_pattern", 6)
    window = text.integer("sliding_window", 4096)
    mixer = replace(grouped_in(text, 256), norm="head")
    count = text.layers("num_hidden_layers")
    if text.texts("layer_types"):
        mixers = windowed(text, mixer)
    else:
        mixers = [replace(mixer, window=window if (i + 1) % step else 0) for i in range(count)]
    network = FeedForward(text.count("intermediate_size"), gemma_activation(text))
    plan = plan_of(text, [Layer(each, network) for each in mixers], tied=True)
    return replace(plan, scaled=True, norms_after=True)


def starcoder2(c: Config) -> Plan:
    """LayerNorm, biases everywhere, a plain network, a window."""
    bias = c.flag("use_bias", True)
    mixer = replace(grouped_in(c), bias=bias, out_bias=bias, window=window_in(c))
    network = FeedForward(
        c.count("intermediate_size"), activation_in(c, "hidden_act", "gelu_pytorch_tanh"),
        gated=False, bias=bias,
    )  # fmt: skip
    plan = plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"), tied=True)
    return replace(plan, norm="layer")


def cohere(c: Config) -> Plan:
    """Command R: attention and network beside each other behind one norm without bias.

    Raises:
        ModelError: Its heads are normalised with weights of their own (Command R+).
    """
    if c.flag("use_qk_norm", False):
        raise c.wrong("use_qk_norm", "false")
    bias = c.flag("attention_bias", False)
    mixer = replace(grouped_in(c), bias=bias, out_bias=bias)
    mixers = [mixer] * c.layers("num_hidden_layers")
    if c.text("model_type") == "cohere2":
        step = c.count("sliding_window_pattern", 4)
        window = c.integer("sliding_window", 4096)
        mixers = [
            replace(each, window=window) if (i + 1) % step else replace(each, rotary=0)
            for i, each in enumerate(mixers)
        ]
    network = FeedForward(c.count("intermediate_size"), activation_in(c, "hidden_act", "silu"))
    plan = plan_of(c, [Layer(each, network) for each in mixers], tied=True)
    return replace(plan, norm="scale", residual="beside-one-norm")


def stablelm(c: Config) -> Plan:
    """LayerNorm, a part of each head rotated, a gated network.

    Raises:
        ModelError: Its heads are normalised with weights of their own.
    """
    if c.flag("qk_layernorm", False):
        raise c.wrong("qk_layernorm", "false")
    mixer = grouped_in(c)
    turned = int(mixer.width * c.number("partial_rotary_factor", 0.25))
    mixer = replace(mixer, rotary=turned, bias=c.flag("use_qkv_bias", False))
    network = FeedForward(c.count("intermediate_size"), activation_in(c, "hidden_act", "silu"))
    plan = plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"))
    beside = c.flag("use_parallel_residual", False)
    return replace(plan, norm="layer", residual="beside-one-norm" if beside else "after")


def falcon(c: Config) -> Plan:
    """One head of keys and values, or a few; attention and network beside each other.

    Raises:
        ModelError: Positions are a bias of attention, or network and attention follow each other.
    """
    if c.flag("alibi", False):
        raise c.wrong("alibi", "false")
    newer = c.flag("new_decoder_architecture", False)
    if not newer and not c.flag("parallel_attn", True):
        raise c.wrong("parallel_attn", "true")
    hidden, heads = c.count("hidden_size"), c.count("num_attention_heads")
    width = c.divided("num_attention_heads", hidden, heads)
    shared = 1 if c.flag("multi_query", True) else heads
    kv_heads = c.count("num_kv_heads", heads) if newer else shared
    bias = c.flag("bias", False)
    mixer = Grouped(heads, kv_heads, width, rotary=width, bias=bias, out_bias=bias)
    network = FeedForward(
        c.count("ffn_hidden_size", 4 * hidden), activation_in(c, "activation", "gelu"),
        gated=False, bias=bias,
    )  # fmt: skip
    two = newer and c.count("num_ln_in_parallel_attn", 2) == 2
    plan = plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"), tied=True)
    return replace(plan, norm="layer", residual="beside" if two else "beside-one-norm")


def seed_oss(c: Config) -> Plan:
    """As Llama, with biases of query, key and value."""
    plan = llama(c)
    bias, out_bias = c.flag("attention_bias", True), c.flag("attention_out_bias", False)
    layers = [
        replace(each, mixer=replace(each.mixer, bias=bias, out_bias=out_bias))
        for each in plan.layers
        if isinstance(each.mixer, Grouped)
    ]
    return replace(plan, layers=tuple(layers))


def smollm3(c: Config) -> Plan:
    """As Llama with tied embeddings; every fourth layer rotates nothing."""
    plan = llama(c)
    step = c.count("no_rope_layer_interval", 4)
    turned = c.integers("no_rope_layers") or [(i + 1) % step for i in range(len(plan.layers))]
    layers = [
        each if turned[i % len(turned)] else replace(each, mixer=replace(each.mixer, rotary=0))
        for i, each in enumerate(plan.layers)
        if isinstance(each.mixer, Grouped)
    ]
    return replace(plan, layers=tuple(layers), tied=c.flag("tie_word_embeddings", True))


def glm4(c: Config) -> Plan:
    """GLM-4: half of each head rotated, norms before and behind."""
    mixer = grouped_in(c)
    turned = int(mixer.width * c.number("partial_rotary_factor", 0.5))
    mixer = replace(mixer, rotary=turned, bias=c.flag("attention_bias", False))
    network = FeedForward(c.count("intermediate_size"), activation_in(c, "hidden_act", "silu"))
    plan = plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"))
    return replace(plan, norms_after=True)


def glm4_moe(c: Config) -> Plan:
    """GLM-4.5: half of each head rotated; experts and one that all share behind dense layers."""
    mixer = grouped_in(c, 128)
    turned = int(mixer.width * c.number("partial_rotary_factor", 0.5))
    norm = "head" if c.flag("use_qk_norm", False) else ""
    mixer = replace(mixer, rotary=turned, bias=c.flag("attention_bias", False), norm=norm)
    activation, inner = activation_in(c, "hidden_act", "silu"), c.count("moe_intermediate_size")
    dense = FeedForward(c.count("intermediate_size"), activation)
    routed = Experts(
        c.count("n_routed_experts"), c.count("num_experts_per_tok"), inner, activation,
        shared_inner=inner * c.integer("n_shared_experts", 1), score_bias=True,
    )  # fmt: skip
    first = c.integer("first_k_dense_replace", 1)
    count = c.layers("num_hidden_layers")
    return plan_of(c, [Layer(mixer, dense if i < first else routed) for i in range(count)])


def olmoe(c: Config) -> Plan:
    """Queries and keys normalised over all heads, experts."""
    bias = c.flag("attention_bias", False)
    mixer = replace(grouped_in(c), norm="all", bias=bias, out_bias=bias)
    network = Experts(
        c.count("num_experts"), c.count("num_experts_per_tok"), c.count("intermediate_size"),
        activation_in(c, "hidden_act", "silu"),
    )  # fmt: skip
    return plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"))


DECODERS_MORE: Final[Mapping[str, Callable[[Config], Plan]]] = {
    "gemma3": gemma3,
    "gemma3_text": gemma3,
    "starcoder2": starcoder2,
    "cohere": cohere,
    "cohere2": cohere,
    "stablelm": stablelm,
    "falcon": falcon,
    "seed_oss": seed_oss,
    "smollm3": smollm3,
    "glm4": glm4,
    "glm4_moe": glm4_moe,
    "olmoe": olmoe,
    "kimi_k2": deepseek,
}
"""By ``model_type``."""
