"""Make the built-in models and their index from weight-free exports of open definitions.

    python profiles/models/make.py ../shared/data --exports /tmp/exports/out

The exports were made with PyTorch 2.13.0 from torchvision's, timm's and transformers' definitions
with random weights, which are not in the files (they are external and absent); ``export.py``
says how to make those of ``exports/``, and without ``--exports`` these are left as they are.
This script takes what a user needs of them: free dimensions get names that say what they are, and
everything that neither shapes nor kernels depend on goes (stack traces, scope names, inferred
shapes). YOLOv8 is written from its published architecture by ``yolov8.py``. The same input gives
the same bytes.
"""

import argparse
import gzip
import sys
from dataclasses import dataclass, field
from pathlib import Path

import onnx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

# Beside this file, however it is run.
from definitions import DEFINED, described  # noqa: E402
from yolov8 import yolov8  # noqa: E402

IMAGE = "image classification"
DETECTION = "object detection"
TEXT = "text encoding"


@dataclass(frozen=True)
class Entry:
    """One built-in model.

    ``export`` is a file of the data folder, or ``exports/NAME`` as export.py names it, or
    ``yolov8/SIZE``. ``renamed`` maps its symbols to names for people; a number there frees the
    first dimension of the inputs that has that size.
    """

    id: str
    title: str
    task: str
    export: str
    source: str
    parameters: int
    macs: int
    dims: dict[str, int]
    aliases: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)


def torchvision(name: str, how: str) -> str:
    """Where a torchvision model comes from, in words."""
    return f"torchvision {name}, random weights, {how}"


def transformers(name: str, how: str) -> str:
    """Where a transformers model comes from, in words."""
    return f"transformers {name}, default configuration, random weights, {how}"


def yolo(size: str, parameters: int, macs: int, *aliases: str) -> Entry:
    """YOLOv8 of a size."""
    names = (f"yolo-v8-{size}", *aliases)
    return Entry(f"yolov8{size}", f"YOLOv8{size}", DETECTION, f"yolov8/{size}",
                 "written by yolov8.py from the published architecture, batch norms folded",
                 parameters, macs, {"batch": 1, "height": 640, "width": 640}, names)  # fmt: skip


def own_export(name: str) -> str:
    """Where a model that export.py exports comes from, in words."""
    return f"transformers {name}, random weights, {SCRIPT17}"


DYNAMO18 = "torch.onnx dynamo exporter, opset 18"
SCRIPT17 = "torch.onnx TorchScript exporter, opset 17"
TOKENS = {"s10": "batch", "s86": "batch", "s12": "sequence", "s21": "sequence", "seq": "sequence"}

MODELS = (
    Entry("resnet50", "ResNet-50", IMAGE, "corpus/resnet50_dy18_dynb",
          torchvision("resnet50", DYNAMO18), 25557032, 4089184256, {"batch": 1},
          ("resnet-50",), {"s77": "batch"}),
    Entry("resnet18", "ResNet-18", IMAGE, "timm/resnet18",
          f"timm resnet18, random weights, {SCRIPT17}", 11689512, 1814073344, {"batch": 1},
          ("resnet-18",), {"N": "batch"}),
    Entry("resnet101", "ResNet-101", IMAGE, "timm/resnet101",
          f"timm resnet101, random weights, {SCRIPT17}", 44549160, 7801405440, {"batch": 1},
          ("resnet-101",), {"N": "batch"}),
    Entry("mobilenet-v2", "MobileNetV2", IMAGE, "timm/mobilenetv2_100",
          f"timm mobilenetv2_100, random weights, {SCRIPT17}", 3504872, 300774272, {"batch": 1},
          ("mobilenetv2_100",), {"N": "batch"}),
    Entry("mobilenet-v3-large", "MobileNetV3 Large", IMAGE, "timm/mobilenetv3_large_100",
          f"timm mobilenetv3_large_100, random weights, {SCRIPT17}", 5483032, 216589760,
          {"batch": 1}, ("mobilenetv3_large_100", "mobilenet-v3"), {"N": "batch"}),
    Entry("efficientnet-b0", "EfficientNet-B0", IMAGE, "corpus/efficientnet_b0_dy18_dynb",
          torchvision("efficientnet_b0", DYNAMO18), 5288548, 385814752, {"batch": 1},
          (), {"s77": "batch"}),
    Entry("efficientnet-b4", "EfficientNet-B4", IMAGE, "corpus/efficientnet_b4_ts17",
          torchvision("efficientnet_b4", SCRIPT17), 19341616, 4393771024, {"batch": 1},
          (), {"1": "batch"}),
    Entry("convnext-t", "ConvNeXt-T", IMAGE, "exports/convnext_tiny",
          own_export("ConvNextForImageClassification"), 28589128, 4455531264, {"batch": 1},
          ("convnext-tiny", "convnext_tiny", "convnext")),
    Entry("convnext-b", "ConvNeXt-B", IMAGE, "exports/convnext_base",
          own_export("ConvNextForImageClassification"), 88591464, 15354729472, {"batch": 1},
          ("convnext-base", "convnext_base")),
    Entry("swin-t", "Swin-T", IMAGE, "exports/swin_tiny",
          own_export("SwinForImageClassification"), 28288354, 4490566656, {"batch": 1},
          ("swin-tiny", "swin_tiny_patch4_window7_224", "swin")),
    Entry("densenet121", "DenseNet-121", IMAGE, "corpus/densenet121_ts13_dynb",
          torchvision("densenet121", "torch.onnx TorchScript exporter, opset 13"),
          7978856, 2834161664, {"batch": 1}, ("densenet-121",)),
    Entry("vgg16", "VGG-16", IMAGE, "timm/vgg16",
          f"timm vgg16, random weights, {SCRIPT17}", 138357544, 15470264320, {"batch": 1},
          ("vgg-16",), {"N": "batch"}),
    Entry("vit-b16", "ViT-B/16", IMAGE, "corpus/vit_b16_dy18_dynb",
          torchvision("vit_b_16", DYNAMO18), 86567656, 17563828224, {"batch": 1},
          ("vit_b_16", "vit-base-patch16-224", "vit-base", "vit"), {"s77": "batch"}),
    Entry("deeplabv3-r50", "DeepLabv3 ResNet-50", "image segmentation",
          "corpus/deeplabv3_r50_ts16_dynbhw",
          torchvision("deeplabv3_resnet50", "torch.onnx TorchScript exporter, opset 16"),
          39638869, 163579428864, {"batch": 1, "height": 512, "width": 512},
          ("deeplabv3_resnet50", "deeplabv3")),
    Entry("segformer-b0", "SegFormer-B0", "image segmentation", "exports/segformer_b0",
          own_export("SegformerForSemanticSegmentation"), 3752694, 8387821568, {"batch": 1},
          ("segformer", "segformer-b0-finetuned-ade-512-512")),
    Entry("detr-r50", "DETR ResNet-50", DETECTION, "exports/detr_resnet50",
          own_export("DetrForObjectDetection"), 41524768, 60131712000, {"batch": 1},
          ("detr", "detr-resnet-50")),
    Entry("rt-detr-r50", "RT-DETR ResNet-50", DETECTION, "exports/rt_detr_r50",
          own_export("RTDetrForObjectDetection"), 42731082, 68717056000, {"batch": 1},
          ("rtdetr", "rtdetr_r50vd", "rt-detr")),
    yolo("n", 3151904, 4371993600, "yolov8-nano", "yolo-nano", "yolo"),
    yolo("s", 11156544, 14301312000, "yolov8-small"),
    yolo("m", 25886080, 39468364800, "yolov8-medium"),
    yolo("l", 43668288, 82574259200, "yolov8-large"),
    yolo("x", 68200608, 128902169600, "yolov8-extra-large", "yolov8-xlarge"),
    Entry("wav2vec2-base", "wav2vec 2.0 base", "speech recognition", "exports/wav2vec2_base",
          own_export("Wav2Vec2ForCTC"), 94396320, 74078786560, {"batch": 1, "samples": 160000},
          ("wav2vec2", "wav2vec2-base-960h")),
    Entry("bert-base", "BERT base", TEXT, "corpus/bert_base_dy18_dyn",
          transformers("BertModel", DYNAMO18), 109482240, 11173625856,
          {"batch": 1, "sequence": 128}, ("bert", "bert-base-uncased"), TOKENS),
    Entry("distilbert", "DistilBERT", TEXT, "corpus/distilbert_ts17_dyn",
          transformers("DistilBertModel", SCRIPT17), 66362880, 5586812928,
          {"batch": 1, "sequence": 128}, ("distilbert-base",), TOKENS),
    Entry("roberta-base", "RoBERTa base", TEXT, "corpus/roberta_dy18_dyn",
          transformers("RobertaModel", DYNAMO18), 124644864, 11173625856,
          {"batch": 1, "sequence": 128}, ("roberta",), TOKENS),
    Entry("bert-large", "BERT large", "question answering", "models/bert_large__squad",
          transformers("BertForQuestionAnswering (24 layers of 1,024)",
                       "torch.onnx exporter, opset 20"),
          334094338, 39460274176, {"batch": 1, "sequence": 128}, ("bert-large-uncased",),
          {"N": "batch", "S": "sequence"}),
)  # fmt: skip


def skeleton(entry: Entry, data: Path, exports: Path | None) -> bytes | None:
    """The graph of an entry, stripped and with its dimensions renamed, gzipped.

    None for one of ``exports/`` where there is no such folder.
    """
    folder, _, name = entry.export.partition("/")
    if folder == "yolov8":
        return packed(yolov8(name))
    path = data / f"{entry.export}.onnx.gz"
    if folder == "exports":
        if exports is None:
            return None
        path = exports / f"{name}.onnx.gz"
    model = onnx.load_model_from_string(gzip.decompress(path.read_bytes()))
    strip(model, entry.renamed)
    return packed(model)


def packed(model: onnx.ModelProto) -> bytes:
    """The file of a model, gzipped; the same model gives the same bytes."""
    return gzip.compress(model.SerializeToString(deterministic=True), compresslevel=9, mtime=0)


def strip(model: onnx.ModelProto, renamed: dict[str, str]) -> None:
    """Leave what shapes and kernels depend on; rename the free dimensions."""
    del model.metadata_props[:]
    model.doc_string = ""
    graph = model.graph
    graph.doc_string = ""
    del graph.value_info[:]
    del graph.metadata_props[:]
    del graph.quantization_annotation[:]
    for item in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        item.doc_string = ""
        del item.metadata_props[:]
    for tensor in graph.initializer:
        for pair in tensor.external_data:
            if pair.key == "location":
                pair.value = "weights"
    for value in graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            name = dim.dim_param if dim.dim_param or axis else str(dim.dim_value)
            if name in renamed:
                dim.dim_param = renamed[name]
    for value in graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = renamed.get(dim.dim_param, dim.dim_param)


def index_text(entries: tuple[Entry, ...]) -> str:
    """``index.toml``: what ``phantomgpu models`` lists, those that are configurations last."""
    lines = ["# Made by make.py. Weight-free; macs for one sample at the dims given.", ""]
    written = [(entry.id, _described(entry)) for entry in entries]
    written += [(entry.id, described(entry)) for entry in DEFINED]
    for name, values in written:
        lines += [f"[{_key(name)}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
        lines.append("")
    return "\n".join(lines)


def _described(entry: Entry) -> dict[str, object]:
    return {
        "title": entry.title,
        "task": entry.task,
        "file": f"{entry.id}.onnx.gz",
        "source": entry.source,
        "parameters": entry.parameters,
        "macs": entry.macs,
        "dims": entry.dims,
        "aliases": entry.aliases,
    }


def _key(name: str) -> str:
    return f'"{name}"' if "." in name else name


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {size}" for key, size in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{each}"' for each in value) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def main() -> None:
    """Write every model and the index beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds corpus/, timm/ and models/")
    parser.add_argument("--exports", type=Path, help="folder that export.py wrote")
    asked = parser.parse_args()
    for entry in MODELS:
        content = skeleton(entry, asked.data, asked.exports)
        if content is not None:
            (HERE / f"{entry.id}.onnx.gz").write_bytes(content)
            sys.stdout.write(f"{entry.id}: {len(content):,} bytes\n")
    (HERE / "index.toml").write_text(index_text(MODELS))


if __name__ == "__main__":
    main()
