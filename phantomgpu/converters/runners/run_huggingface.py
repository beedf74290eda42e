"""A folder of Hugging Face, or a name on its Hub, to ONNX, by Optimum."""

import shutil
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from phantomgpu.converters.runners.protocol import Refused, Task, Tell


def main(task: Task, tell: Tell) -> dict[str, Any]:
    """Write ``task["out"]``; says which version wrote it, and what was left out."""
    tell(0.1, "loading Optimum")
    with TemporaryDirectory(prefix="phantomgpu-") as name:
        folder = Path(name)
        _export(task, folder, tell)
        notes = _take(folder, Path(task["out"]))
    return {"by": f"optimum-onnx {version('optimum-onnx')}", "notes": notes}


def _export(task: Task, folder: Path, tell: Tell) -> None:
    """The model its configuration describes; its weights only where they are wanted."""
    import transformers
    from optimum.exporters.onnx import onnx_export_from_model

    trust = {"trust_remote_code": task["trust"]}
    try:
        configuration = transformers.AutoConfig.from_pretrained(task["path"], **trust)
    except (OSError, ValueError) as error:
        raise _no_configuration(task, error) from None
    names = getattr(configuration, "architectures", None) or ["AutoModel"]
    model_class = getattr(transformers, names[0], None)
    if model_class is None:
        raise Refused(
            f"transformers {transformers.__version__} has no {names[0]}, which the folder asks for",
            "convert it where its own library is: --module file.py:factory",
        )
    tell(0.3, "making the model")
    if task["keep_weights"]:
        model = model_class.from_pretrained(task["path"])
    elif names == ["AutoModel"]:
        model = model_class.from_config(configuration, **trust)
    else:
        model = model_class(configuration)
    tell(0.5, "converting")
    onnx_export_from_model(model.eval(), output=folder, do_validation=False)


def _no_configuration(task: Task, error: Exception) -> Refused:
    words = str(error).strip().splitlines()[0][:300]
    if "trust_remote_code" in str(error):
        return Refused(
            f"{task['path']} brings Python code of its own, which loading it runs",
            "if you trust whoever made it, add --trust; it runs with your rights",
        )
    return Refused(
        f"the configuration of {task['path']} cannot be read: {words}",
        "check the name; a gated model asks for `huggingface-cli login` first",
    )


def _take(folder: Path, out: Path) -> list[str]:
    """Move what a run goes through most to ``out``; a model of several graphs says so."""
    made = sorted(folder.glob("*.onnx"), key=_rank)
    if not made:
        raise Refused("Optimum wrote no ONNX file", "read the log")
    chosen, others = made[0], [path.name for path in made[1:]]
    for data in folder.glob(chosen.name + "*data"):
        shutil.move(data, out.with_name(out.name + ".data"))
        _rename_data(chosen, out.name + ".data")
    shutil.move(chosen, out)
    if not others:
        return []
    return [f"the model has several graphs; this is {chosen.name}, left out: {', '.join(others)}"]


def _rank(path: Path) -> tuple[int, str]:
    order = ("model.onnx", "decoder_model_merged.onnx", "decoder_model.onnx", "encoder_model.onnx")
    return (order.index(path.name) if path.name in order else len(order), path.name)


def _rename_data(model: Path, name: str) -> None:
    import onnx

    graph = onnx.load(model, load_external_data=False)
    for tensor in graph.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = name
    model.write_bytes(graph.SerializeToString())
