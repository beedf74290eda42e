"""TensorFlow's own formats and Keras' to ONNX, by tf2onnx.

SavedModel, frozen GraphDef, ``.h5``, ``.keras``, and TensorFlow Lite where its weights are wanted.
"""

import os
from pathlib import Path
from typing import Any, Final

from phantomgpu.converters.runners.factory import call_factory
from phantomgpu.converters.runners.protocol import Refused, Task, Tell, shape_of
from phantomgpu.converters.runners.tensorflow_layout import average_without_turning

OPSET: Final = 18
_LARGE_BYTES: Final = 1_500_000_000
"""Weights beyond which tf2onnx must write them into a file of their own (protobuf ends at 2 GB)."""

_DANGEROUS: Final = (b"PyFunc", b"EagerPyFunc", b"WriteFile")
"""Operators that run Python or write files as soon as a model is loaded or folded."""


def main(task: Task, tell: Tell) -> dict[str, Any]:
    """Write ``task["out"]``; says which versions wrote it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    _refuse_dangerous(task)
    tell(0.1, "loading TensorFlow")
    import tensorflow as tf
    import tf2onnx

    tell(0.3, "reading the model")
    arguments = _KINDS[task["kind"]](task)
    tell(0.6, "converting")
    _write(task, tf2onnx, arguments)
    return {
        "by": f"tf2onnx {tf2onnx.__version__}, TensorFlow {tf.__version__}",
        "notes": arguments.get("notes", []),
    }


def _write(task: Task, tf2onnx: Any, arguments: dict[str, Any]) -> None:
    out = Path(task["out"])
    graph = arguments["graph"]
    large = graph is not None and graph.ByteSize() > _LARGE_BYTES
    import numpy as np
    import onnx
    import tensorflow as tf

    if large and not hasattr(np, "product"):
        setattr(np, "product", np.prod)  # noqa: B010 (tf2onnx 1.17.0 still calls it what numpy 2 does not)
    with tf.device("/cpu:0"):
        model, storage = tf2onnx.convert._convert_common(
            graph,
            name=arguments.get("name", "model"),
            continue_on_error=False,
            opset=OPSET,
            large_model=large,
            input_names=arguments.get("inputs"),
            output_names=arguments.get("outputs"),
            tflite_path=arguments.get("tflite"),
            tensors_to_rename=arguments.get("rename"),
            initialized_tables=arguments.get("tables"),
        )
    average_without_turning(model)
    if large:
        _beside(model, storage.name_to_tensor_data, out.with_name(out.name + ".data"))
    onnx.save(model, str(out))


def _beside(model: Any, data: dict[str, bytes], file: Path) -> None:
    """Write the tensors that tf2onnx keeps apart into one file, and refer to them there."""
    with file.open("wb") as stream:
        for tensor in model.graph.initializer:
            place = next((e.value for e in tensor.external_data if e.key == "location"), "")
            if place not in data:
                continue
            entries = {"location": file.name, "offset": stream.tell(), "length": len(data[place])}
            stream.write(data[place])
            del tensor.external_data[:]
            for key, value in entries.items():
                tensor.external_data.add(key=key, value=str(value))


def _savedmodel(task: Task) -> dict[str, Any]:
    from tf2onnx import tf_loader

    graph, inputs, outputs, tables, rename = tf_loader.from_saved_model(
        task["path"], None, None, return_initialized_tables=True, return_tensors_to_rename=True
    )
    return {"graph": graph, "inputs": inputs, "outputs": outputs, "tables": tables,
            "rename": rename, "name": Path(task["path"]).name}  # fmt: skip


def _graphdef(task: Task) -> dict[str, Any]:
    """A frozen graph: what is fed are its placeholders, what comes out nobody reads."""
    import tensorflow as tf
    from tf2onnx import tf_loader

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(Path(task["path"]).read_bytes())
    except Exception as error:
        raise Refused(
            f"{Path(task['path']).name} is no readable GraphDef: {error}",
            "fetch or freeze the graph again; the file is cut off or damaged",
        ) from None
    inputs = [f"{n.name}:0" for n in graph.node if n.op in ("Placeholder", "PlaceholderV2")]
    read = {name.lstrip("^").partition(":")[0] for node in graph.node for name in node.input}
    outputs = [
        f"{node.name}:0" for node in graph.node
        if node.name not in read and node.op not in ("Const", "NoOp", "Assert", "Placeholder")
    ]  # fmt: skip
    if not inputs or not outputs:
        raise Refused(
            f"the graph has {len(inputs)} inputs and {len(outputs)} outputs that could be told",
            "freeze it with its placeholders, or give the SavedModel it was made from",
        )
    graph, inputs, outputs = tf_loader.from_graphdef(task["path"], inputs, outputs)
    return {"graph": graph, "inputs": inputs, "outputs": outputs}


def _keras(task: Task) -> dict[str, Any]:
    import keras

    try:
        model = keras.saving.load_model(task["path"], compile=False, safe_mode=not task["trust"])
    except Exception as error:
        _explain(task, error)
        raise
    return _of_keras(model, task)


def _explain(task: Task, error: Exception) -> None:
    """Raise for what a reader of the error can do something about."""
    words = str(error)
    if not task["trust"] and ("safe_mode" in words or "unsafe" in words.lower()):
        raise Refused(
            f"{Path(task['path']).name} holds Python code (a Lambda layer), which loading it runs",
            "if you trust whoever made the file, add --trust; it runs with your rights",
        ) from None
    if ("weights" in words and "architecture" in words) or "No model config found" in words:
        raise Refused(
            f"{Path(task['path']).name} holds weights and no model",
            'save the whole model with model.save("model.keras") and give that file',
        ) from None


def _of_keras(model: Any, task: Task) -> dict[str, Any]:
    import tensorflow as tf
    from tf2onnx import convert, tf_loader

    tensors = model.inputs
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if task["inputs"]:
        shapes = [tuple(_dim(d) for d in shape_of(text)[1]) for text in task["inputs"]]
    signature = [
        tf.TensorSpec(shape, tensor.dtype, name=tensor.name.split(":")[0].replace("/", "_"))
        for shape, tensor in zip(shapes, tensors, strict=True)
    ]

    def run(*given: Any) -> Any:
        return model(given[0] if len(given) == 1 else list(given), training=False)

    concrete = tf.function(run, input_signature=signature).get_concrete_function()
    inputs = [t.name for t in concrete.inputs if t.dtype != tf.resource]
    outputs = [t.name for t in concrete.outputs if t.dtype != tf.resource]
    rename = convert.tensor_names_from_structed(concrete, inputs, outputs)
    graph = tf_loader.from_function(concrete, inputs, outputs)
    return {"graph": graph, "inputs": inputs, "outputs": outputs, "rename": rename,
            "name": model.name}  # fmt: skip


def _module(task: Task) -> dict[str, Any]:
    made = call_factory(task)
    return _of_keras(made[0] if isinstance(made, tuple) else made, task)


def _tflite(task: Task) -> dict[str, Any]:
    return {"graph": None, "tflite": task["path"], "name": Path(task["path"]).stem}


def _dim(dim: int | str) -> int | None:
    return dim if isinstance(dim, int) else None


def _refuse_dangerous(task: Task) -> None:
    path = Path(task["path"]) if task["path"] else None
    if path is None or task["trust"] or task["kind"] not in ("savedmodel", "graphdef"):
        return
    content = (path / "saved_model.pb" if path.is_dir() else path).read_bytes()
    found = [name.decode() for name in _DANGEROUS if b"\x12" + bytes([len(name)]) + name in content]
    if found:
        raise Refused(
            f"{path.name} holds operators that run code or write files: {', '.join(found)}",
            "if you trust whoever made the model, add --trust; it runs with your rights",
        )


_KINDS = {
    "savedmodel": _savedmodel,
    "graphdef": _graphdef,
    "keras": _keras,
    "hdf5": _keras,
    "module-tensorflow": _module,
    "tflite-weights": _tflite,
}
