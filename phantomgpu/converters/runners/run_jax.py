"""A JAX function, as a factory of the user's own gives it, to ONNX, by jax2onnx."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from phantomgpu.converters.runners.factory import call_factory
from phantomgpu.converters.runners.protocol import Refused, Task, Tell, shape_of


def main(task: Task, tell: Tell) -> dict[str, Any]:
    """Write ``task["out"]``; says which versions wrote it."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    tell(0.1, "loading JAX")
    import jax
    import jax2onnx

    tell(0.3, "making the function")
    made = call_factory(task)
    function, inputs = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not callable(function):
        raise Refused(
            f"{task['factory']}() gives {type(function).__name__}, which is no function",
            "return the function and its inputs: return function, [inputs]",
        )
    specs = _specs(task, inputs)
    tell(0.5, "converting")
    # Beyond 2 GB it puts the weights into a file beside: model.onnx.data.
    jax2onnx.to_onnx(
        function,
        inputs=specs,
        model_name=task["factory"],
        return_mode="file",
        output_path=task["out"],
    )
    return {"by": f"jax2onnx {version('jax2onnx')}, JAX {jax.__version__}"}


def _specs(task: Task, inputs: Any) -> list[Any]:
    """Shapes and types of the inputs; a text among the sizes is a free dimension."""
    import jax

    if task["inputs"]:
        return [_spec(*reversed(shape_of(text))) for text in task["inputs"]]
    if inputs is None:
        raise Refused(
            f"{task['factory']}() does not tell the inputs of its function",
            "return function, [inputs] from it, or give their shapes: --input B,224,224,3",
        )
    given = inputs if isinstance(inputs, list | tuple) else [inputs]
    # One shape alone, as in (8, 3), is one input and not two.
    if isinstance(given, tuple) and all(isinstance(size, int | str) for size in given):
        given = [given]
    made = []
    for each in given:
        if isinstance(each, Sequence) and not isinstance(each, str):
            made.append(_spec(each, "float32"))
        else:
            made.append(jax.ShapeDtypeStruct(each.shape, each.dtype))
    return made


def _spec(dims: Any, dtype: Any) -> Any:
    """As jax2onnx takes it: numbers and names of free dimensions."""
    import jax

    if all(isinstance(size, int) for size in dims):
        return jax.ShapeDtypeStruct(tuple(dims), dtype)
    if dtype != "float32":
        raise Refused(
            f"an input with free dimensions cannot be {dtype}",
            "give its sizes as numbers, or return jax.ShapeDtypeStruct from the factory",
        )
    return tuple(dims)
