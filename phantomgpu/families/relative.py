"""What is added to scores of attention: a bias by the distance of tokens, or a mask."""

from phantomgpu.families.builder import Builder


def relative_bias(
    b: Builder, at: str, buckets: int, heads: int, queries: tuple[str, int], past: str = ""
) -> str:
    """``[1, heads, queries, keys]`` from a table ``[buckets, heads]``.

    Which distances share a bucket changes no size, so the graph takes the plainest rule: every
    distance has its own, and the farthest share the last.

    Args:
        b: Of the graph.
        at: Module.
        buckets: Of the table.
        heads: Of attention.
        queries: An input, and the axis of it that counts the new tokens.
        past: An input whose fourth axis counts earlier tokens; empty where there are none.
    """
    zero, one = b.constant(0), b.constant(1)
    name, axis = queries
    new = b.op("Squeeze", b.op("Shape", name, start=axis, end=axis + 1))
    before = b.op("Squeeze", b.op("Shape", past, start=3, end=4)) if past else zero
    total = b.op("Add", before, new)
    rows = b.op("Unsqueeze", b.op("Range", before, total, one), b.constant([1]))
    columns = b.op("Unsqueeze", b.op("Range", zero, total, one), b.constant([0]))
    half = buckets // 2
    near = b.op("Clip", b.op("Sub", columns, rows), b.constant(-half), b.constant(half - 1))
    index = b.op("Add", near, b.constant(half))
    rows = b.op("Gather", b.weight(f"{at}/weight", buckets, heads), index, at=at)
    return b.op("Unsqueeze", b.op("Transpose", rows, at=at, perm=[2, 0, 1]), b.constant([0]))


def causal_mask(b: Builder, tokens: tuple[str, int]) -> str:
    """``[tokens, tokens]``: 0 where a token may look, and hardly anything elsewhere.

    Args:
        b: Of the graph.
        tokens: An input, and the axis of it that counts the tokens.
    """
    zero, one = b.constant(0), b.constant(1)
    name, axis = tokens
    count = b.op("Squeeze", b.op("Shape", name, start=axis, end=axis + 1))
    places = b.op("Range", zero, count, one)
    rows = b.op("Unsqueeze", places, b.constant([1]))
    columns = b.op("Unsqueeze", places, b.constant([0]))
    open_, closed = b.constant(0.0, b.dtype), b.constant(-1e4, b.dtype)
    return b.op("Where", b.op("LessOrEqual", columns, rows), open_, closed)
