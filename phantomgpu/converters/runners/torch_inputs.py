"""Example inputs of a PyTorch model: as the user gives them, else guessed from its first layer."""

from typing import Any

from phantomgpu.converters.runners.protocol import Refused, shape_of

_BATCH = 2
_IMAGE = 224
_SEQUENCE = 128


def example_inputs(model: Any, given: list[str]) -> tuple[tuple[Any, ...], list[str]]:
    """Inputs to export with, and what was guessed.

    Args:
        model: A module; a scripted one has parameters alone.
        given: What ``--input`` says, in order; a name in place of a size is a free one.

    Raises:
        Refused: Nothing is given, and the first layer tells nothing.
    """
    if given:
        return tuple(_tensor(*shape_of(text)) for text in given), []
    guess = _guess(model)
    if guess is None:
        raise Refused(
            "the file does not tell the shape of its inputs, and its first layer neither",
            "give it: --input 1,3,224,224, or --input int64:1,128; once for each input",
        )
    dtype, dims, why = guess
    shape = "x".join(map(str, ["batch", *dims[1:]]))
    note = f"the input is guessed to be {dtype} {shape}, from {why}; --input sets it"
    return (_tensor(dtype, dims),), [note]


def _tensor(dtype: str, dims: Any) -> Any:
    import torch

    sizes = [size if isinstance(size, int) else _BATCH for size in dims]
    kind = getattr(torch, dtype, None)
    if not isinstance(kind, torch.dtype):
        raise Refused(f"--input names no type {dtype!r}", "write --input int64:1,128")
    if kind.is_floating_point:
        return torch.zeros(sizes, dtype=kind)
    return torch.ones(sizes, dtype=kind)


def _guess(model: Any) -> tuple[str, list[int], str] | None:
    """Type, sizes and reason, by the first layer that has weights."""
    for name, module in model.named_modules():
        kind = getattr(module, "original_name", type(module).__name__)
        weight = dict(module.named_parameters(recurse=False)).get("weight")
        if weight is None:
            continue
        if kind == "Conv2d":
            channels = int(weight.shape[1])
            why = f"{name}, a Conv2d of {channels} channels"
            return "float32", [_BATCH, channels, _IMAGE, _IMAGE], why
        if kind == "Linear":
            return "float32", [_BATCH, int(weight.shape[1])], f"{name}, a Linear"
        if kind == "Embedding":
            return "int64", [_BATCH, _SEQUENCE], f"{name}, an Embedding"
        return None
    return None
