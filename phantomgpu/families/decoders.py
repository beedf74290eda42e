"""``config.json`` of decoder-only language models to plans: one short function for each family.

Source of every default: the configuration classes of Hugging Face transformers 5.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from phantomgpu.families.config import Config
from phantomgpu.families.decoder import Layer, Plan
from phantomgpu.families.layers import Experts, FeedForward, activation_in
from phantomgpu.families.mixers import Grouped, Latent


def llama(c: Config) -> Plan:
    """Llama, CodeLlama, Mistral: grouped-query attention and a gated network."""
    bias = c.flag("attention_bias", False)
    mixer = replace(grouped_in(c), bias=bias, out_bias=bias, window=window_in(c))
    network = FeedForward(
        c.count("intermediate_size"), activation_in(c, "hidden_act", "silu"),
        bias=c.flag("mlp_bias", False),
    )  # fmt: skip
    return plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"))


def qwen2(c: Config) -> Plan:
    """As Llama, with biases of query, key and value, and a window that is mostly off."""
    mixer = replace(grouped_in(c), bias=True)
    network = FeedForward(c.count("intermediate_size"), activation_in(c, "hidden_act", "silu"))
    return plan_of(c, [Layer(each, network) for each in windowed(c, mixer)])


def qwen3(c: Config) -> Plan:
    """As Llama, with normalised heads."""
    bias = c.flag("attention_bias", False)
    mixer = replace(grouped_in(c, 128), bias=bias, out_bias=bias, norm="head")
    network = FeedForward(c.count("intermediate_size"), activation_in(c, "hidden_act", "silu"))
    return plan_of(c, [Layer(each, network) for each in windowed(c, mixer)])


def gemma(c: Config) -> Plan:
    """Gemma 1: as Llama with wide heads, tied and scaled embeddings."""
    network = FeedForward(c.count("intermediate_size"), gemma_activation(c))
    layers = [Layer(grouped_in(c, 256), network)] * c.layers("num_hidden_layers")
    return replace(plan_of(c, layers, tied=True), scaled=True)


def gemma2(c: Config) -> Plan:
    """Every other layer sees a window; norms before and behind; capped scores and logits."""
    cap = c.number("attn_logit_softcapping", 0.0)
    mixer = replace(grouped_in(c, 256), softcap=cap)
    window = c.integer("sliding_window", 4096)
    network = FeedForward(c.count("intermediate_size"), gemma_activation(c))
    layers = [
        Layer(replace(mixer, window=0 if i % 2 else window), network)
        for i in range(c.layers("num_hidden_layers"))
    ]
    softcap = c.number("final_logit_softcapping", 0.0)
    return replace(plan_of(c, layers, tied=True), scaled=True, norms_after=True, softcap=softcap)


def phi3(c: Config) -> Plan:
    """Phi-3: as Llama; its files keep query, key and value in one weight."""
    turned = int(grouped_in(c).width * c.number("partial_rotary_factor", 1.0))
    mixer = replace(grouped_in(c), rotary=turned, window=window_in(c))
    network = FeedForward(c.count("intermediate_size"), activation_in(c, "hidden_act", "silu"))
    return plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"))


def gpt2(c: Config) -> Plan:
    """Learned positions, LayerNorm, a plain network."""
    hidden = c.count("n_embd")
    heads = c.count("n_head")
    mixer = Grouped(heads, heads, c.divided("n_head", hidden, heads), bias=True, out_bias=True)
    network = FeedForward(
        c.count("n_inner", 4 * hidden), activation_in(c, "activation_function", "gelu_new"),
        gated=False, bias=True,
    )  # fmt: skip
    return Plan(
        hidden=hidden,
        vocabulary=c.count("vocab_size", 50257),
        layers=(Layer(mixer, network),) * c.layers("n_layer"),
        context=c.count("n_positions", 1024),
        norm="layer",
        tied=c.flag("tie_word_embeddings", True),
        positions=c.count("n_positions", 1024),
    )


def opt(c: Config) -> Plan:
    """OPT: learned positions behind two places kept free, LayerNorm, ReLU.

    Raises:
        ModelError: Norms stand behind the layers, or embeddings have a width of their own (350m).
    """
    hidden, heads = c.count("hidden_size"), c.count("num_attention_heads")
    if not c.flag("do_layer_norm_before", True):
        raise c.wrong("do_layer_norm_before", "true")
    if c.count("word_embed_proj_dim", hidden) != hidden:
        raise c.wrong("word_embed_proj_dim", "the hidden width")
    bias = c.flag("enable_bias", True)
    mixer = Grouped(
        heads, heads, c.divided("num_attention_heads", hidden, heads), bias=bias, out_bias=bias
    )
    network = FeedForward(
        c.count("ffn_dim"), activation_in(c, "activation_function", "relu"), gated=False, bias=bias
    )
    positions = c.count("max_position_embeddings", 2048)
    return replace(
        plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"), tied=True),
        norm="layer",
        positions=positions + 2,
    )


def gpt_neox(c: Config) -> Plan:
    """Attention and network beside each other; a part of each head is rotated."""
    hidden, heads = c.count("hidden_size"), c.count("num_attention_heads")
    width = c.divided("num_attention_heads", hidden, heads)
    bias = c.flag("attention_bias", True)
    rotary = int(width * c.number("rotary_pct", 0.25))
    mixer = Grouped(heads, heads, width, rotary=rotary, bias=bias, out_bias=bias)
    network = FeedForward(
        c.count("intermediate_size"), activation_in(c, "hidden_act", "gelu"), gated=False, bias=True
    )
    beside = c.flag("use_parallel_residual", True)
    return replace(
        plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers")),
        norm="layer",
        residual="beside" if beside else "after",
    )


def phi(c: Config) -> Plan:
    """Phi-1 and 2: attention and network beside each other behind one norm, biases everywhere."""
    mixer = grouped_in(c)
    turned = int(mixer.width * c.number("partial_rotary_factor", 0.5))
    mixer = replace(mixer, rotary=turned, bias=True, out_bias=True)
    network = FeedForward(
        c.count("intermediate_size"), activation_in(c, "hidden_act", "gelu_new"), gated=False,
        bias=True,
    )  # fmt: skip
    return replace(
        plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers")),
        norm="layer",
        residual="beside-one-norm",
        logits_bias=True,
    )


def mixtral(c: Config) -> Plan:
    """As Mistral, with experts."""
    mixer = replace(grouped_in(c), window=window_in(c))
    network = Experts(
        c.count("num_local_experts", 8),
        c.count("num_experts_per_tok", 2),
        c.count("intermediate_size"),
        activation_in(c, "hidden_act", "silu"),
    )
    return plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"))


def qwen2_moe(c: Config) -> Plan:
    """As Qwen2, with experts and a gated one that all tokens share."""
    network = replace(
        _qwen_experts(c),
        shared_inner=c.count("shared_expert_intermediate_size"),
        shared_gate=True,
    )
    mixer = replace(grouped_in(c), bias=c.flag("qkv_bias", True))
    return plan_of(c, _with_dense(c, mixer, network))


def qwen3_moe(c: Config) -> Plan:
    """As Qwen3, with experts."""
    bias = c.flag("attention_bias", False)
    mixer = replace(grouped_in(c, 128), norm="head", bias=bias, out_bias=bias)
    return plan_of(c, _with_dense(c, mixer, _qwen_experts(c)))


def gpt_oss(c: Config) -> Plan:
    """Every other layer sees a window; sinks in the softmax; experts with biases."""
    mixer = replace(grouped_in(c, 64), bias=True, out_bias=True, sinks=True)
    network = Experts(
        c.count("num_local_experts"),
        c.count("num_experts_per_tok", c.integer("experts_per_token", 4)),
        c.count("intermediate_size"),
        activation_in(c, "hidden_act", "silu"),
        bias=True,
    )
    window = c.integer("sliding_window", 128)
    layers = [
        Layer(replace(mixer, window=0 if i % 2 else window), network)
        for i in range(c.layers("num_hidden_layers"))
    ]
    return plan_of(c, layers)


def minimax_m2(c: Config) -> Plan:
    """Normalised queries and keys, half of each head rotated, experts with a bias for balance."""
    mixer = grouped_in(c)
    mixer = replace(mixer, rotary=c.integer("rotary_dim", mixer.width), norm="all")
    network = Experts(
        c.count("num_local_experts"),
        c.count("num_experts_per_tok"),
        c.count("intermediate_size"),
        activation_in(c, "hidden_act", "silu"),
        score_bias=True,
    )
    return plan_of(c, [Layer(mixer, network)] * c.layers("num_hidden_layers"))


def deepseek(c: Config) -> Plan:
    """DeepSeek-V2 and V3: latent attention; experts behind a few dense layers."""
    mixer = Latent(
        heads=c.count("num_attention_heads"),
        query_rank=c.integer("q_lora_rank", 0),
        rank=c.count("kv_lora_rank"),
        plain=c.count("qk_nope_head_dim"),
        rotary=c.count("qk_rope_head_dim"),
        value=c.count("v_head_dim"),
    )
    activation = activation_in(c, "hidden_act", "silu")
    dense = FeedForward(c.count("intermediate_size"), activation)
    inner = c.count("moe_intermediate_size")
    routed = Experts(
        c.count("n_routed_experts"),
        c.count("num_experts_per_tok"),
        inner,
        activation,
        shared_inner=inner * c.integer("n_shared_experts", 0),
        score_bias=c.text("topk_method", "") == "noaux_tc" or c.text("model_type") == "deepseek_v3",
    )
    first, every = c.integer("first_k_dense_replace", 0), c.count("moe_layer_freq", 1)
    layers = [
        Layer(mixer, dense if i < first or i % every else routed)
        for i in range(c.layers("num_hidden_layers"))
    ]
    return plan_of(c, layers)


DECODERS: Final[Mapping[str, Callable[[Config], Plan]]] = {
    "llama": llama,
    "mistral": llama,
    "qwen2": qwen2,
    "qwen3": qwen3,
    "gemma": gemma,
    "gemma2": gemma2,
    "phi3": phi3,
    "phi": phi,
    "gpt2": gpt2,
    "opt": opt,
    "gpt_neox": gpt_neox,
    "mixtral": mixtral,
    "qwen2_moe": qwen2_moe,
    "qwen3_moe": qwen3_moe,
    "gpt_oss": gpt_oss,
    "minimax_m2": minimax_m2,
    "deepseek_v2": deepseek,
    "deepseek_v3": deepseek,
}
"""By ``model_type``."""


def plan_of(c: Config, layers: list[Layer], *, tied: bool = False) -> Plan:
    """What most configurations call the same."""
    return Plan(
        hidden=c.count("hidden_size"),
        vocabulary=c.count("vocab_size"),
        layers=tuple(layers),
        context=c.integer("max_position_embeddings", 0),
        tied=c.flag("tie_word_embeddings", tied),
    )


def grouped_in(c: Config, width: int = 0) -> Grouped:
    """Attention by the usual keys; ``width`` of a head where the family has a default."""
    heads = c.count("num_attention_heads")
    own = "head_dim" in c or width
    size = (
        c.count("head_dim", width)
        if own
        else c.divided("num_attention_heads", c.count("hidden_size"), heads)
    )
    kv_heads = c.count("num_key_value_heads", heads)
    c.divided("num_key_value_heads", heads, kv_heads)
    return Grouped(heads, kv_heads, size, rotary=size)


def window_in(c: Config) -> int:
    """The window of all layers; 0 where it is none, or no shorter than the context."""
    window = c.integer("sliding_window", 0)
    return 0 if window >= c.integer("max_position_embeddings", window + 1) else window


def windowed(c: Config, mixer: Grouped) -> list[Grouped]:
    """Each layer's attention, from ``layer_types``, or from Qwen's switch."""
    count, window = c.layers("num_hidden_layers"), c.integer("sliding_window", 0)
    kinds = c.texts("layer_types")
    if not kinds:
        first = (
            c.integer("max_window_layers", count) if c.flag("use_sliding_window", False) else count
        )
        kinds = ["sliding_attention" if i >= first else "full_attention" for i in range(count)]
    if len(kinds) != count:
        raise c.wrong("layer_types", f"a list of {count} layers")
    return [replace(mixer, window=window if kind.startswith("sliding") else 0) for kind in kinds]


def gemma_activation(c: Config) -> str:
    """The activation of Gemma's networks, under the key that Gemma has for it."""
    return activation_in(c, "hidden_activation", "gelu_pytorch_tanh")


def _qwen_experts(c: Config) -> Experts:
    return Experts(
        c.count("num_experts"),
        c.count("num_experts_per_tok"),
        c.count("moe_intermediate_size"),
        activation_in(c, "hidden_act", "silu"),
    )


def _with_dense(c: Config, mixer: Grouped, network: Experts) -> list[Layer]:
    """Layers with experts, and the dense ones among them."""
    step, dense_at = c.count("decoder_sparse_step", 1), set(c.integers("mlp_only_layers"))
    dense = FeedForward(c.count("intermediate_size"), network.activation)
    return [
        Layer(mixer, dense if i in dense_at or (i + 1) % step else network)
        for i in range(c.layers("num_hidden_layers"))
    ]
