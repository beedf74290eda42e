"""PyTorch's files and modules to ONNX, by its own exporters."""

import os
import pickle
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from phantomgpu.converters.runners.factory import call_factory, load_module
from phantomgpu.converters.runners.protocol import Refused, Task, Tell
from phantomgpu.converters.runners.torch_inputs import example_inputs
from phantomgpu.converters.runners.torch_safety import (
    asks_for_trust,
    check_program,
    open_checkpoint,
)

OPSET: Final = 18
_LISTED: Final = 20
_OPTION: Final = "--module file.py:factory, where factory() gives the model and its example inputs"


def main(task: Task, tell: Tell) -> dict[str, Any]:
    """Write ``task["out"]``; says which version wrote it, and what was guessed."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    tell(0.1, "loading PyTorch")
    import torch

    tell(0.3, "reading the model")
    with torch.no_grad():
        notes = _KINDS[task["kind"]](task, tell)
    return {"by": f"PyTorch {version('torch')}", "notes": notes}


def _torchscript(task: Task, tell: Tell) -> list[str]:
    import torch

    try:
        model = torch.jit.load(task["path"], map_location="cpu").eval()
    except RuntimeError as error:
        raise _unreadable(task, error) from None
    inputs, notes = example_inputs(model, task["inputs"])
    tell(0.5, "converting")
    for dynamic in (True, False):
        axes = {f"input_{at}": {0: "batch"} for at in range(len(inputs))} if dynamic else None
        try:
            torch.onnx.export(
                model, inputs, task["out"], dynamo=False, opset_version=OPSET,
                input_names=[f"input_{at}" for at in range(len(inputs))],
                dynamic_axes=axes,
            )  # fmt: skip
        except (RuntimeError, torch.onnx.errors.OnnxExporterError):
            if not dynamic:
                raise
            continue
        return notes if dynamic else [*notes, _FIXED_BATCH]
    return notes


def _exported(task: Task, tell: Tell) -> list[str]:
    import torch

    if not task["trust"]:
        check_program(Path(task["path"]))
    try:
        program = torch.export.load(task["path"])
    except pickle.UnpicklingError as error:
        raise asks_for_trust(Path(task["path"]), error) from None
    except RuntimeError as error:
        raise _unreadable(task, error) from None
    tell(0.5, "converting")
    _save(torch.onnx.export(program, dynamo=True, verbose=False), task)
    return []


def _checkpoint(task: Task, tell: Tell) -> list[str]:
    import torch

    if task["module"] and task["trust"]:
        load_module(task["module"])
    loaded = open_checkpoint(task)
    if isinstance(loaded, torch.nn.Module):
        return _export(loaded.eval(), None, task, tell)
    weights = _weights_in(loaded)
    if not weights:
        raise Refused(
            f"{Path(task['path']).name} holds neither a model nor weights, but "
            f"{type(loaded).__name__}",
            "save the model with torch.export.save, or its weights with torch.save",
        )
    if not task["module"]:
        raise _no_graph(task, {name: tuple(tensor.shape) for name, tensor in weights.items()})
    model, inputs = _made(task)
    return _loaded(model, weights, task) + _export(model.eval(), inputs, task, tell)


def _safetensors(task: Task, tell: Tell) -> list[str]:
    """Weights alone: names and shapes are in the header, and nothing else is needed."""
    import json
    import struct

    with Path(task["path"]).open("rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    header.pop("__metadata__", None)
    if not task["module"]:
        raise _no_graph(task, {name: tuple(entry["shape"]) for name, entry in header.items()})
    model, inputs = _made(task)
    own = model.state_dict()
    wrong = [
        name for name in header if name not in own or list(own[name].shape) != header[name]["shape"]
    ]
    if wrong:
        raise _other_weights(task, wrong, len(header))
    if task["keep_weights"]:
        from safetensors.torch import load_file

        model.load_state_dict(load_file(task["path"]), strict=False)
    return _export(model.eval(), inputs, task, tell)


def _module(task: Task, tell: Tell) -> list[str]:
    model, inputs = _made(task)
    return _export(model.eval(), inputs, task, tell)


def _made(task: Task) -> tuple[Any, Any]:
    """Model and example inputs of the user's factory; inputs None where it gives none."""
    import torch

    made = call_factory(task)
    model, inputs = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(model, torch.nn.Module):
        raise Refused(
            f"{task['factory']}() gives {type(model).__name__}, which is no torch.nn.Module",
            "return the model and its example inputs: return model, (inputs,)",
        )
    return model, (inputs,) if isinstance(inputs, torch.Tensor) else inputs


def _export(model: Any, given: Any, task: Task, tell: Tell) -> list[str]:
    """By torch.export, with a free batch where the model allows it."""
    import torch

    inputs, notes = (tuple(given), []) if given else example_inputs(model, task["inputs"])
    tell(0.5, "converting")
    batch = torch.export.Dim.DYNAMIC
    # An example of one sample would be taken for a fixed batch.
    doubled = tuple(_two(each) for each in inputs)
    dynamic = tuple({0: batch} if _has_batch(each) else None for each in inputs)
    try:
        program = torch.export.export(model, doubled, dynamic_shapes=dynamic, strict=False)
    except Exception as error:
        print("no free batch:", error)  # the log has it
        program = torch.export.export(model, inputs, strict=False)
        notes = [*notes, _FIXED_BATCH]
    _save(torch.onnx.export(program, dynamo=True, verbose=False), task)
    return notes


def _save(program: Any, task: Task) -> None:
    out = Path(task["out"])
    size = sum(
        value.const_value.nbytes
        for value in program.model.graph.initializers.values()
        if value.const_value is not None
    )
    program.save(str(out), external_data=size > 1_900_000_000)


def _two(tensor: Any) -> Any:
    return tensor.expand(2, *tensor.shape[1:]).contiguous() if _is_single(tensor) else tensor


def _is_single(tensor: Any) -> bool:
    return _has_batch(tensor) and int(tensor.shape[0]) == 1


def _has_batch(tensor: Any) -> bool:
    return getattr(tensor, "ndim", 0) > 0


def _weights_in(loaded: Any) -> dict[str, Any]:
    """The parameters in a checkpoint, which may hold an optimiser and counters besides."""
    import torch

    if not isinstance(loaded, dict):
        return {}
    tensors = {str(key): value for key, value in loaded.items() if isinstance(value, torch.Tensor)}
    if tensors:
        return tensors
    for key in ("state_dict", "model_state_dict", "model", "module", "ema", "net", "params"):
        inner = _weights_in(loaded.get(key))
        if inner:
            return inner
    return {}


def _loaded(model: Any, weights: dict[str, Any], task: Task) -> list[str]:
    plain = {name.removeprefix("module."): value for name, value in weights.items()}
    own = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    wrong = [name for name, value in plain.items() if own.get(name) != tuple(value.shape)]
    if wrong:
        raise _other_weights(task, wrong, len(plain))
    model.load_state_dict(plain, strict=False, assign=True)
    missing = [name for name in own if name not in plain]
    return (
        [f"{len(missing)} of the model's {len(own)} tensors are not in the file"] if missing else []
    )


def _other_weights(task: Task, wrong: list[str], count: int) -> Refused:
    return Refused(
        f"{len(wrong)} of the {count} tensors of {Path(task['path']).name} are not in the model "
        f"that {task['factory']}() makes, the first is {wrong[0]}",
        "make the very model whose weights these are",
    )


def _no_graph(task: Task, shapes: dict[str, tuple[int, ...]]) -> Refused:
    total = 0
    for shape in shapes.values():
        elements = 1
        for size in shape:
            elements *= size
        total += elements
    listed = [f"{name} {'x'.join(map(str, shape)) or 'scalar'}" for name, shape in shapes.items()]
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return Refused(
        f"{Path(task['path']).name} holds weights and no graph: {len(shapes)} tensors, "
        f"{total:,} elements: {', '.join(listed[:_LISTED])}{more}",
        f"say what model they belong to: {_OPTION}",
    )


def _unreadable(task: Task, error: Exception) -> Refused:
    return Refused(
        f"{Path(task['path']).name} cannot be read: {str(error).strip().splitlines()[0][:300]}",
        "fetch or save the file again; it is cut off, damaged, or of a newer PyTorch",
    )


_FIXED_BATCH = "the model does not take any batch: it is fixed to that of the example"

_KINDS = {
    "torchscript": _torchscript,
    "exported": _exported,
    "torch": _checkpoint,
    "pickle": _checkpoint,
    "safetensors": _safetensors,
    "module-torch": _module,
}
