"""Make the built-in models and their index from weight-free exports of open definitions.

    python profiles/models/make.py ../shared/data

The exports were made with PyTorch 2.13.0 from torchvision's, timm's, transformers' and
ultralytics' definitions with random weights, which are not in the files (tensors of more than
1,024 elements are external and absent). This script takes what a user needs of them: free
dimensions get names that say what they are, and everything that neither shapes nor kernels
depend on goes (stack traces, scope names, inferred shapes). The same input gives the same bytes.
"""

import argparse
import gzip
import sys
from dataclasses import dataclass, field
from pathlib import Path

import onnx

HERE = Path(__file__).parent

IMAGE = "image classification"
TEXT = "text encoding"


@dataclass(frozen=True)
class Entry:
    """One built-in model; ``renamed`` maps the export's symbols to names for people."""

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
    Entry("mobilenet-v2", "MobileNetV2", IMAGE, "timm/mobilenetv2_100",
          f"timm mobilenetv2_100, random weights, {SCRIPT17}", 3504872, 300774272, {"batch": 1},
          ("mobilenetv2_100",), {"N": "batch"}),
    Entry("mobilenet-v3-large", "MobileNetV3 Large", IMAGE, "timm/mobilenetv3_large_100",
          f"timm mobilenetv3_large_100, random weights, {SCRIPT17}", 5483032, 216589760,
          {"batch": 1}, ("mobilenetv3_large_100", "mobilenet-v3"), {"N": "batch"}),
    Entry("efficientnet-b0", "EfficientNet-B0", IMAGE, "corpus/efficientnet_b0_dy18_dynb",
          torchvision("efficientnet_b0", DYNAMO18), 5288548, 385814752, {"batch": 1},
          (), {"s77": "batch"}),
    Entry("densenet121", "DenseNet-121", IMAGE, "corpus/densenet121_ts13_dynb",
          torchvision("densenet121", "torch.onnx TorchScript exporter, opset 13"),
          7978856, 2834161664, {"batch": 1}, ("densenet-121",)),
    Entry("vgg16", "VGG-16", IMAGE, "timm/vgg16",
          f"timm vgg16, random weights, {SCRIPT17}", 138357544, 15470264320, {"batch": 1},
          ("vgg-16",), {"N": "batch"}),
    Entry("vit-b16", "ViT-B/16", IMAGE, "corpus/vit_b16_dy18_dynb",
          torchvision("vit_b_16", DYNAMO18), 86567656, 17563828224, {"batch": 1},
          ("vit_b_16", "vit-base-patch16-224", "vit"), {"s77": "batch"}),
    Entry("deeplabv3-r50", "DeepLabv3 ResNet-50", "image segmentation",
          "corpus/deeplabv3_r50_ts16_dynbhw",
          torchvision("deeplabv3_resnet50", "torch.onnx TorchScript exporter, opset 16"),
          39638869, 163579428864, {"batch": 1, "height": 512, "width": 512},
          ("deeplabv3_resnet50", "deeplabv3")),
    Entry("yolov8n", "YOLOv8n", "object detection", "corpus/yolov8n_ts17_dynbhw",
          f"graph of the published YOLOv8n architecture, random weights, {SCRIPT17}",
          3151904, 4371993600, {"batch": 1, "height": 640, "width": 640}, ("yolo",)),
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
    Entry("gpt2", "GPT-2", "text generation, prompt", "corpus/gpt2_dy18_dyn",
          transformers("GPT2LMHeadModel", DYNAMO18), 124439808, 16114089984,
          {"batch": 1, "sequence": 128}, ("gpt-2",), TOKENS),
)  # fmt: skip


def skeleton(path: Path, renamed: dict[str, str]) -> bytes:
    """The graph of a weight-free export, stripped and with its dimensions renamed, gzipped."""
    model = onnx.load_model_from_string(gzip.decompress(path.read_bytes()))
    strip(model, renamed)
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
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in renamed:
                dim.dim_param = renamed[dim.dim_param]
    for value in graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = renamed.get(dim.dim_param, dim.dim_param)


def index_text(entries: tuple[Entry, ...]) -> str:
    """``index.toml``: what ``phantomgpu models`` lists."""
    lines = ["# Made by make.py. Weight-free; macs for one sample at the dims given.", ""]
    for entry in entries:
        dims = ", ".join(f"{name} = {size}" for name, size in entry.dims.items())
        aliases = ", ".join(f'"{alias}"' for alias in entry.aliases)
        lines += [
            f"[{entry.id}]",
            f'title = "{entry.title}"',
            f'task = "{entry.task}"',
            f'file = "{entry.id}.onnx.gz"',
            f'source = "{entry.source}"',
            f"parameters = {entry.parameters}",
            f"macs = {entry.macs}",
            f"dims = {{ {dims} }}",
            f"aliases = [{aliases}]",
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Write every model and the index beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds corpus/, timm/ and models/")
    data = parser.parse_args().data
    for entry in MODELS:
        content = skeleton(data / f"{entry.export}.onnx.gz", entry.renamed)
        (HERE / f"{entry.id}.onnx.gz").write_bytes(content)
        sys.stdout.write(f"{entry.id}: {len(content):,} bytes\n")
    (HERE / "index.toml").write_text(index_text(MODELS))


if __name__ == "__main__":
    main()
