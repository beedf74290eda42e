"""Free input dimensions to numbers: what the user gave, else a guess that says it is one."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from phantomgpu.errors import BatchError, RequestError, ShapeError, nearest
from phantomgpu.onnx.graph import Assumption, Dim, FreeDim, Graph
from phantomgpu.onnx.limits import MAX_DIM

Role = Literal["batch", "sequence", "past", "total", "image", "frames", "channels", "other"]

_GUESS: Final[dict[Role, int]] = {
    "batch": 1, "sequence": 128, "past": 128, "total": 256, "image": 224, "frames": 16,
    "channels": 3, "other": 128,
}  # fmt: skip
_WORD: Final[dict[Role, str]] = {
    "batch": "batch", "sequence": "sequence", "past": "past sequence",
    "total": "past and new sequence", "image": "image", "frames": "frames", "channels": "channels",
    "other": "size",
}  # fmt: skip
_NAMES: Final[tuple[tuple[Role, str], ...]] = (
    ("batch", r"^(n|b|bs|bsz|nb|batch.*|.*batch|.*batch_?(size|dim).*|.*_batch_.*|num_?samples)$"),
    ("total", r"total|past.*\+|\+.*past|kv_?len|attention_mask|full_?seq"),
    ("past", r"past|cache|memory_?len"),
    ("channels", r"^(c|ch|channels?|in_?chan.*|num_?chan.*)$"),
    ("image", r"^(h|w|height|width|img.*|image.*|.*height|.*width|.*_size)$|pixel"),
    ("frames", r"frame|^time_?steps?$"),
    ("sequence", r"seq|length|len$|token|^(t|l|s)$|time|words|num_?ids"),
)
_EXPRESSION = re.compile(r"^[\w.\s()+*/-]{1,200}$")


@dataclass(slots=True)
class _Free:
    """A symbol while its value is sought."""

    symbol: str
    uses: list[tuple[str, int]] = field(default_factory=list)
    role: Role = "other"


@dataclass(frozen=True, slots=True)
class FixedInputs:
    """Every input with its sizes.

    Attributes:
        dims: Sizes by input name.
        free: The free dimensions and what they were set to.
        symbols: Value by symbol, for whatever else of the graph is written in them.
        assumptions: What was assumed about inputs, over and above the guesses.
    """

    dims: Mapping[str, tuple[int, ...]]
    free: tuple[FreeDim, ...]
    symbols: Mapping[str, int]
    assumptions: tuple[Assumption, ...]


def batch_symbol(graph: Graph) -> str | None:
    """The free dimension that is the batch; None where the graph has none."""
    for free in _free_dims(graph):
        if free.role == "batch":
            return free.symbol
    return None


def fix_inputs(graph: Graph, dims: Mapping[str, int]) -> FixedInputs:
    """Give every input dimension its size.

    Args:
        graph: As read.
        dims: What the user set: by symbol, by ``"input:axis"`` (which also replaces a fixed
            dimension), or by ``"batch"``.

    Raises:
        RequestError: A key that names nothing, or a size below 1 (a past may be empty).
        BatchError: ``"batch"`` of a graph that has no batch dimension.
        ShapeError: An input of unknown rank.
    """
    frees = _free_dims(graph)
    places = _refuse_unknown(graph, frees, dims)
    symbols = _solve(frees, dims, places)
    sizes: dict[str, tuple[int, ...]] = {}
    assumptions: list[Assumption] = []
    for name in graph.inputs:
        declared = graph.tensors[name].dims if name in graph.tensors else None
        if declared is None:
            declared = _told(name, places, graph, assumptions)
        sizes[name] = tuple(
            places.get((name, axis), dim if isinstance(dim, int) else symbols.get(dim, 1))
            for axis, dim in enumerate(declared)
        )
    free = tuple(_as_free_dim(each, symbols, dims, places) for each in frees)
    return FixedInputs(sizes, free, symbols, tuple(assumptions))


def value_of(symbol: str, symbols: Mapping[str, int]) -> int | None:
    """The number a symbol or an expression of symbols stands for; None where it is open.

    >>> value_of("past + sequence", {"past": 15, "sequence": 16})
    31
    """
    if symbol in symbols:
        return symbols[symbol]
    if not _EXPRESSION.match(symbol) or not re.search(r"[+*/-]", symbol):
        return None
    try:
        found = _term(ast.parse(symbol.strip(), mode="eval").body, symbols)
    except (SyntaxError, ValueError, KeyError, ZeroDivisionError, RecursionError):
        return None
    return found if 0 <= found <= MAX_DIM else None


def _term(tree: ast.expr, symbols: Mapping[str, int]) -> int:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int):
        return tree.value
    if isinstance(tree, ast.Name):
        return symbols[tree.id]
    if isinstance(tree, ast.BinOp):
        left, right = _term(tree.left, symbols), _term(tree.right, symbols)
        match tree.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.FloorDiv() | ast.Div():
                return left // right
            case _:
                pass
    raise ValueError("no sum or product of symbols")


def _free_dims(graph: Graph) -> list[_Free]:
    """The free dimensions in the order they stand in the inputs, with the role each plays."""
    frees: dict[str, _Free] = {}
    for name in graph.inputs:
        tensor = graph.tensors.get(name)
        for axis, dim in enumerate(tensor.dims or () if tensor else ()):
            if isinstance(dim, str):
                frees.setdefault(dim, _Free(dim)).uses.append((name, axis))
    for free in frees.values():
        free.role = _role(free, graph)
    _one_batch(list(frees.values()))
    return list(frees.values())


def _role(free: _Free, graph: Graph) -> Role:
    by_name = None if free.symbol.startswith("?") else _role_of_name(free.symbol)
    if by_name is not None:
        return by_name
    roles = [_role_of_place(graph, name, axis) for name, axis in free.uses]
    return min(roles, key=lambda role: list(_GUESS).index(role)) if roles else "other"


def _role_of_name(symbol: str) -> Role | None:
    text = symbol.lower()
    for role, pattern in _NAMES:
        if re.search(pattern, text):
            return role
    return None


def _role_of_place(graph: Graph, name: str, axis: int) -> Role:
    """What an axis of an input most likely is, by rank, dtype and the sizes beside it."""
    tensor = graph.tensors[name]
    dims: tuple[Dim, ...] = tensor.dims or ()
    rank, low = len(dims), name.lower()
    is_float = tensor.dtype.startswith(("float", "bfloat", "uint8"))
    if axis == 0:
        return "batch"
    if re.search(r"past|cache", low) and rank >= 3:
        return "past"
    if rank == 2:
        return "sequence" if not is_float or isinstance(dims[0], str) else "other"
    if rank == 3:
        return "sequence" if is_float and axis == 1 else "other"
    if rank == 4 and is_float:
        last = dims[3] in (1, 3, 4) and dims[1] not in (1, 3, 4)
        channel = 3 if last else 1
        return "channels" if axis == channel else "image"
    if rank == 5 and is_float:
        return "channels" if axis == 1 else "frames" if axis == 2 else "image"
    return "other"


def _one_batch(frees: list[_Free]) -> None:
    """Where a symbol is named a batch, only such are; unnamed ones go by their place."""
    named = [f for f in frees if f.role == "batch" and _role_of_name(f.symbol) == "batch"]
    for free in frees:
        if named and free.role == "batch" and free not in named and not free.symbol.startswith("?"):
            free.role = "other"


def _refuse_unknown(
    graph: Graph, frees: list[_Free], dims: Mapping[str, int]
) -> dict[tuple[str, int], int]:
    """The ``"input:axis"`` keys, by place; every other key must be a symbol or "batch"."""
    symbols = {free.symbol for free in frees}
    empty = {free.symbol for free in frees if free.role == "past"}
    places: dict[tuple[str, int], int] = {}
    for key, size in dims.items():
        if not (0 if key in empty else 1) <= size <= MAX_DIM:
            raise RequestError(
                f"dimension {key} is {size}", where=f"dim {key}", fix="give a size of at least 1"
            )
        name, _, axis = key.rpartition(":")
        if key in symbols:
            continue
        if key == "batch":
            if not any(free.role == "batch" for free in frees):
                raise BatchError(
                    f"{graph.name or 'the model'} has no batch dimension",
                    where="its inputs: " + _inputs_in_words(graph),
                    fix="export it with a free first dimension, or set one as input:axis",
                )
            continue
        if name in graph.inputs and axis.isdigit() and _has_axis(graph, name, int(axis)):
            places[name, int(axis)] = size
            continue
        known = sorted(symbols | {"batch"} if symbols else symbols)
        listed = ", ".join(nearest(key, known, count=12)) or "none; every input is fixed"
        raise RequestError(
            f"the model has no free dimension {key!r}",
            where=f"dim {key}; the free ones are: {listed}",
            fix="give one of these, or input:axis with one of " + _inputs_in_words(graph),
        )
    return places


def _has_axis(graph: Graph, name: str, axis: int) -> bool:
    declared = graph.tensors[name].dims if name in graph.tensors else None
    return axis < (8 if declared is None else len(declared))


def _inputs_in_words(graph: Graph) -> str:
    shown = []
    for name in graph.inputs[:6]:
        dims = graph.tensors[name].dims if name in graph.tensors else None
        inner = "unknown rank" if dims is None else " x ".join(str(dim) for dim in dims)
        shown.append(f"{name} [{inner}]")
    return ", ".join(shown) or "none"


def _solve(
    frees: list[_Free], dims: Mapping[str, int], places: Mapping[tuple[str, int], int]
) -> dict[str, int]:
    """A value for every symbol; sums of other symbols follow from these."""
    symbols: dict[str, int] = {}
    derived: list[_Free] = []
    for free in frees:
        if free.symbol in dims:
            symbols[free.symbol] = dims[free.symbol]
        elif free.role == "batch" and "batch" in dims:
            symbols[free.symbol] = dims["batch"]
        elif re.search(r"\w\s*[+*/-]+\s*\w", free.symbol) and not free.symbol.startswith("?"):
            derived.append(free)
        else:
            symbols[free.symbol] = _GUESS[free.role]
    for free in derived:
        found = value_of(free.symbol, symbols)
        symbols[free.symbol] = _GUESS[free.role] if found is None else found
    _sum_up(frees, symbols, dims)
    for free in frees:  # a symbol all of whose places were set takes their value
        given = {places.get(use) for use in free.uses}
        if len(given) == 1 and (size := given.pop()) is not None:
            symbols[free.symbol] = size
    return symbols


def _sum_up(frees: list[_Free], symbols: dict[str, int], dims: Mapping[str, int]) -> None:
    """A mask over past and new tokens is as long as both."""
    past = [symbols[f.symbol] for f in frees if f.role == "past"]
    new = [symbols[f.symbol] for f in frees if f.role == "sequence"]
    for free in frees:
        plain = free.symbol.isidentifier() or free.symbol.startswith("?")
        if free.role == "total" and plain and free.symbol not in dims:
            symbols[free.symbol] = sum(past[:1]) + sum(new[:1]) or _GUESS["total"]


def _told(
    name: str,
    places: Mapping[tuple[str, int], int],
    graph: Graph,
    assumptions: list[Assumption],
) -> tuple[Dim, ...]:
    """Sizes of an input whose rank the file does not tell."""
    told = sorted(axis for given, axis in places if given == name)
    if told and told == list(range(len(told))):
        return tuple(1 for _ in told)
    if told or name not in graph.tensors:
        raise ShapeError(
            f"the rank of input {name!r} is unknown",
            where=f"input {name}",
            fix=f"give each of its dimensions: --dim {name}:0=1 --dim {name}:1=...",
        )
    assumptions.append(
        Assumption(name, "input", "its rank is unknown; taken as a scalar (set input:axis)")
    )
    return ()


def _as_free_dim(
    free: _Free,
    symbols: Mapping[str, int],
    dims: Mapping[str, int],
    places: Mapping[tuple[str, int], int],
) -> FreeDim:
    value = symbols[free.symbol]
    given = free.symbol in dims or (free.role == "batch" and "batch" in dims)
    given = given or all(use in places for use in free.uses)
    why = "given" if given else f"guess: {_WORD[free.role]} {value}"
    if not given and not free.symbol.startswith("?") and not free.symbol.isidentifier():
        why = f"guess: {free.symbol} = {value}"
    return FreeDim(free.symbol, value, why, tuple(free.uses), free.role == "batch")
