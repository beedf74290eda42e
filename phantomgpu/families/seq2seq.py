"""``config.json`` of models with an encoder and a decoder to definitions: T5, BART, Whisper.

The encoder's graph ends with the keys and values that every decoder layer attends to, which are
made once. The decoder's has free dimensions ``batch``, ``sequence``, ``past`` and ``source``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from phantomgpu.families.builder import Builder
from phantomgpu.families.config import Config
from phantomgpu.families.definition import Definition, Generation, Part
from phantomgpu.families.layers import FeedForward, activate, activation_in, linear, normalise
from phantomgpu.families.relative import relative_bias
from phantomgpu.families.transformer import Block, cross_cache, decoder_stack, encoder_stack

_DTYPE: Final = "float16"
_ENCODER: Final = frozenset({"T5EncoderModel", "MT5EncoderModel", "UMT5EncoderModel"})
"""Architectures that are the first half alone, as models of images use it."""


def t5(c: Config, name: str) -> Definition:
    """T5, v1.1 and Flan: biases by distance, RMS norms, no other biases."""
    hidden, words, layers = c.count("d_model"), c.count("vocab_size"), c.layers("num_layers")
    decoder_layers = c.layers("num_decoder_layers", layers)
    written = c.text("feed_forward_proj", "relu")
    gated = written.startswith("gated-")
    plain = {**c.values, "feed_forward_proj": written.removeprefix("gated-")}
    kind = activation_in(Config(plain, c.where), "feed_forward_proj", "relu")
    kind = "gelu_new" if gated and kind == "gelu" else kind
    network = FeedForward(c.count("d_ff"), kind, gated=gated)
    block = Block(
        hidden, c.count("num_heads"), c.count("d_kv", 64), network, norm="rms", bias=False,
        key_bias=False, out_bias=False,
    )  # fmt: skip
    buckets = c.count("relative_attention_num_buckets", 32)
    e, x = _words(f"{name} encoder", words, hidden)
    mask = relative_bias(e, "encoder/bias", buckets, block.heads, ("input_ids", 1))
    x = encoder_stack(e, "encoder_layers", layers, x, block, mask)
    if _ENCODER & set(c.texts("architectures")):
        e.output("last_hidden_state", x, "batch", "sequence", hidden)
        return Definition(name, "encoder", e.parameters, (Part("encoder", e.graph()),))
    cross_cache(e, decoder_layers, x, hidden, block)
    d, x = _words(f"{name} decoder", words, hidden)
    past = "past/decoder/self_attn/key"
    mask = relative_bias(d, "decoder/bias", buckets, block.heads, ("input_ids", 1), past)
    x = decoder_stack(d, "decoder", decoder_layers, x, block, mask)
    _logits(d, x, words, hidden, tied=c.flag("tie_word_embeddings", True))
    return _definition(c, name, (e, d), block, decoder_layers, words, counted_twice=words * hidden)


def bart(c: Config, name: str) -> Definition:
    """BART, mBART: learned positions behind two places kept free, norms behind or in front."""
    hidden, words = c.count("d_model"), c.count("vocab_size")
    first = c.text("model_type") == "mbart"
    positions = c.count("max_position_embeddings", 1024) + 2
    blocks = [
        Block(
            hidden,
            c.count(f"{side}_attention_heads"),
            c.divided(f"{side}_attention_heads", hidden, c.count(f"{side}_attention_heads")),
            FeedForward(
                c.count(f"{side}_ffn_dim"), activation_in(c, "activation_function", "gelu"),
                gated=False, bias=True,
            ),
            norm_first=first,
        )
        for side in ("encoder", "decoder")
    ]  # fmt: skip
    sides = []
    for side in ("encoder", "decoder"):
        b, x = _words(f"{name} {side}", words, hidden)
        x = _placed(b, x, f"{side}/positions", positions, hidden)
        sides.append((b, normalise(b, x, f"{side}/embedding_norm", hidden, kind="layer")))
    (e, x), (d, y) = sides
    layers = c.layers("decoder_layers")
    x = encoder_stack(e, "encoder_layers", c.layers("encoder_layers"), x, blocks[0])
    cross_cache(e, layers, x, hidden, blocks[1])
    y = decoder_stack(d, "decoder", layers, y, blocks[1])
    _logits(d, y, words, hidden, tied=True)
    return _definition(c, name, (e, d), blocks[1], layers, words, counted_twice=words * hidden)


def whisper(c: Config, name: str) -> Definition:
    """Whisper: two convolutions over 30 s of sound, then as BART with norms in front."""
    hidden, words = c.count("d_model"), c.count("vocab_size")
    source = c.count("max_source_positions", 1500)
    kind = activation_in(c, "activation_function", "gelu")
    blocks = [
        Block(
            hidden,
            c.count(f"{side}_attention_heads"),
            c.divided(f"{side}_attention_heads", hidden, c.count(f"{side}_attention_heads")),
            FeedForward(c.count(f"{side}_ffn_dim"), kind, gated=False, bias=True),
            key_bias=False,
        )
        for side in ("encoder", "decoder")
    ]
    e = Builder(f"{name} encoder", stored_bits=16)
    bins = c.count("num_mel_bins", 80)
    x = e.input("input_features", "batch", bins, 2 * source)
    for number, (into, by) in enumerate(((bins, 1), (hidden, 2)), start=1):
        at = f"encoder/conv{number}"
        weights = (e.weight(f"{at}/weight", hidden, into, 3), e.weight(f"{at}/bias", hidden))
        x = e.op("Conv", x, *weights, at=at, kernel_shape=[3], strides=[by], pads=[1, 1])
        x = activate(e, x, kind, at)
    x = e.op("Transpose", x, at="encoder", perm=[0, 2, 1])
    x = e.op("Add", x, e.weight("encoder/positions/weight", source, hidden), at="encoder")
    layers = c.layers("decoder_layers")
    x = encoder_stack(e, "encoder_layers", c.layers("encoder_layers"), x, blocks[0])
    cross_cache(e, layers, x, hidden, blocks[1])
    d, y = _words(f"{name} decoder", words, hidden)
    targets = c.count("max_target_positions", 448)
    y = _placed(d, y, "decoder/positions", targets, hidden)
    y = decoder_stack(d, "decoder", layers, y, blocks[1])
    _logits(d, y, words, hidden, tied=True)
    made = _definition(c, name, (e, d), blocks[1], layers, words, counted_twice=0)
    encoder, decoder = made.parts
    assert made.generation is not None
    return replace(
        made,
        family="speech",
        parts=(encoder, replace(decoder, dims={"source": source})),
        generation=replace(made.generation, context_tokens=targets, sound_s=_FRAME_S * source),
    )


_FRAME_S: Final = 0.02
"""Of sound in a place of Whisper's encoder: spectra every 10 ms, of which a convolution takes two.
Source: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", section 2.2.
"""

SEQ2SEQ: Final[Mapping[str, Callable[[Config, str], Definition]]] = {
    "t5": t5,
    "mt5": t5,
    "bart": bart,
    "mbart": bart,
    "whisper": whisper,
}
"""By ``model_type``."""


def _words(name: str, words: int, hidden: int) -> tuple[Builder, str]:
    """A graph of tokens, and their embedding; both sides share its weight by name."""
    b = Builder(name, stored_bits=16)
    tokens = b.input("input_ids", "batch", "sequence", dtype="int64")
    table = b.weight("shared/weight", words, hidden)
    return b, b.op("Gather", table, tokens, at="shared")


def _placed(b: Builder, x: str, at: str, positions: int, hidden: int) -> str:
    where = b.input("position_ids", "batch", "sequence", dtype="int64")
    rows = b.op("Gather", b.weight(f"{at}/weight", positions, hidden), where, at=at)
    return b.op("Add", x, rows, at=at)


def _logits(b: Builder, x: str, words: int, hidden: int, *, tied: bool) -> None:
    """The last token's, by the embedding where it is tied."""
    last = b.op("Gather", x, b.constant(-1), axis=1)
    if tied:
        table = b.op("Transpose", b.weight("shared/weight", words, hidden), perm=[1, 0])
        made = b.op("MatMul", last, table, at="lm_head")
    else:
        made = linear(b, last, "lm_head", hidden, words)
    b.output("logits", made, "batch", words)


def _definition(
    c: Config,
    name: str,
    sides: tuple[Builder, Builder],
    block: Block,
    layers: int,
    words: int,
    *,
    counted_twice: int,
) -> Definition:
    """Encoder and decoder as one model.

    ``counted_twice`` are parameters that both graphs have and the model has once.
    """
    encoder, decoder = sides
    kept = 2 * layers * block.all_heads
    return Definition(
        name=name,
        family="encoder-decoder",
        parameters=encoder.parameters + decoder.parameters - counted_twice,
        parts=(
            Part("encoder", encoder.graph()),
            Part("decoder", decoder.graph(), per_step=True, shared_parameters=counted_twice),
        ),
        generation=Generation(
            layers=layers,
            cache_elements_per_token=kept,
            source_elements_per_token=kept,
            context_tokens=c.integer("n_positions", c.integer("max_position_embeddings", 0)),
            vocabulary=words,
        ),
    )
