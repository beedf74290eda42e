"""``config.json`` of text encoders to definitions: BERT and what was made after it."""

from collections.abc import Callable, Mapping
from typing import Final

from phantomgpu.families.builder import Builder
from phantomgpu.families.config import Config
from phantomgpu.families.definition import Definition, Part
from phantomgpu.families.layers import FeedForward, activation_in, linear, normalise
from phantomgpu.families.relative import relative_bias
from phantomgpu.families.transformer import Block, encoder_stack


def bert(c: Config, name: str) -> Definition:
    """BERT, RoBERTa, XLM-RoBERTa, CamemBERT: learned positions, kinds of token, a pooler."""
    hidden = c.count("hidden_size")
    b, x = _embedded(c, name, hidden)
    x = encoder_stack(b, "layers", c.layers("num_hidden_layers"), x, _block(c, hidden))
    return _done(b, c, x, hidden, pooled=True)


def electra(c: Config, name: str) -> Definition:
    """ELECTRA: an embedding with a width of its own, and no pooler."""
    hidden, narrow = c.count("hidden_size"), c.count("embedding_size", 128)
    b, x = _embedded(c, name, narrow)
    if narrow != hidden:
        x = linear(b, x, "embeddings_project", narrow, hidden, bias=True)
    x = encoder_stack(b, "layers", c.layers("num_hidden_layers"), x, _block(c, hidden))
    return _done(b, c, x, hidden, pooled=False)


def distilbert(c: Config, name: str) -> Definition:
    """DistilBERT: as BERT, without kinds of token and pooler, under names of its own."""
    hidden, heads = c.count("dim", 768), c.count("n_heads", 12)
    b = _builder(name)
    x = _looked_up(b, c.count("vocab_size", 30522), hidden)
    x = _with_positions(b, x, c.count("max_position_embeddings", 512), hidden)
    x = normalise(b, x, "embeddings/norm", hidden, kind="layer")
    network = FeedForward(
        c.count("hidden_dim", 3072), activation_in(c, "activation", "gelu"), gated=False, bias=True
    )
    block = Block(hidden, heads, c.divided("n_heads", hidden, heads), network, norm_first=False)
    x = encoder_stack(b, "layers", c.layers("n_layers", 6), x, block)
    return _done(b, c, x, hidden, pooled=False)


def mpnet(c: Config, name: str) -> Definition:
    """MPNet: as BERT, without kinds of token, with a bias by distance that all layers share."""
    hidden = c.count("hidden_size", 768)
    b = _builder(name)
    x = _looked_up(b, c.count("vocab_size", 30527), hidden)
    x = _with_positions(b, x, c.count("max_position_embeddings", 512), hidden)
    x = normalise(b, x, "embeddings/norm", hidden, kind="layer")
    block = _block(c, hidden)
    buckets = c.count("relative_attention_num_buckets", 32)
    mask = relative_bias(b, "relative_attention_bias", buckets, block.heads, ("input_ids", 1))
    x = encoder_stack(b, "layers", c.layers("num_hidden_layers", 12), x, block, mask)
    return _done(b, c, x, hidden, pooled=True)


ENCODERS: Final[Mapping[str, Callable[[Config, str], Definition]]] = {
    "bert": bert,
    "roberta": bert,
    "xlm-roberta": bert,
    "camembert": bert,
    "electra": electra,
    "distilbert": distilbert,
    "mpnet": mpnet,
}
"""By ``model_type``."""


def _builder(name: str) -> Builder:
    b = Builder(name, dtype="float32")
    b.input("input_ids", "batch", "sequence", dtype="int64")
    return b


def _embedded(c: Config, name: str, width: int) -> tuple[Builder, str]:
    """Words, positions and kinds of token, added and normalised."""
    b = _builder(name)
    x = _looked_up(b, c.count("vocab_size"), width)
    x = _with_positions(b, x, c.count("max_position_embeddings", 512), width)
    kinds = b.input("token_type_ids", "batch", "sequence", dtype="int64")
    table = b.weight("embeddings/token_type/weight", c.count("type_vocab_size", 2), width)
    x = b.op("Add", x, b.op("Gather", table, kinds, at="embeddings"), at="embeddings")
    return b, normalise(b, x, "embeddings/norm", width, kind="layer")


def _looked_up(b: Builder, words: int, width: int) -> str:
    return b.op("Gather", b.weight("embeddings/word/weight", words, width), "input_ids",
                at="embeddings")  # fmt: skip


def _with_positions(b: Builder, x: str, positions: int, width: int) -> str:
    where = b.input("position_ids", "batch", "sequence", dtype="int64")
    table = b.weight("embeddings/position/weight", positions, width)
    return b.op("Add", x, b.op("Gather", table, where, at="embeddings"), at="embeddings")


def _block(c: Config, hidden: int) -> Block:
    heads = c.count("num_attention_heads")
    network = FeedForward(
        c.count("intermediate_size"), activation_in(c, "hidden_act", "gelu"), gated=False, bias=True
    )
    width = c.divided("num_attention_heads", hidden, heads)
    return Block(hidden, heads, width, network, norm_first=False)


def _done(b: Builder, c: Config, x: str, hidden: int, *, pooled: bool) -> Definition:
    """What comes out: the states of all tokens, and the first one's through the pooler."""
    b.output("last_hidden_state", x, "batch", "sequence", hidden)
    if pooled:
        first = b.op("Gather", x, b.constant(0), at="pooler", axis=1)
        made = b.op("Tanh", linear(b, first, "pooler", hidden, hidden, bias=True), at="pooler")
        b.output("pooler_output", made, "batch", hidden)
    return Definition(
        name=b.name,
        family="encoder",
        parameters=b.parameters,
        parts=(Part("encoder", b.graph()),),
        notes=_without_head(c),
    )


def _without_head(c: Config) -> tuple[str, ...]:
    """A note of the head that the published model has and the definition leaves out."""
    heads = [kind for kind in c.texts("architectures") if not kind.endswith("Model")]
    return (f"the encoder alone, without the head of {heads[0]}",) if heads else ()
