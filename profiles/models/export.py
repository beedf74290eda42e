"""Export the open definitions that no shared export covers: random weights in, no weights out.

    python -m venv /tmp/exports && /tmp/exports/bin/pip install -r profiles/models/exports.txt
    /tmp/exports/bin/python profiles/models/export.py /tmp/exports/out

Writes ``NAME.onnx.gz`` for each model, weights external and absent, which ``make.py --exports``
takes from there, and prints what ``truth.csv`` says of it: parameters, and multiply-accumulates
as PyTorch's own FlopCounterMode counts them while the model runs with eager attention. The same
versions give the same bytes.
"""

import argparse
import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

KEPT_NUMBERS = 8
"""A tensor of more floating-point numbers is a weight; fewer are scales and constants."""
KEPT_INTEGERS = 1024
"""Of more, nothing that shapes depend on."""
OPSET = 17

Model = torch.nn.Module
Made = tuple[Callable[[], Model], dict[str, tuple[int, ...]], dict[str, dict[int, str]]]


class Tensors(torch.nn.Module):
    """A transformers model as a function of one tensor that returns tensors."""

    def __init__(self, model: Model, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs that people use."""
        out = self.model(x)
        return tuple(out[name] for name in self.names)


def image(build: Callable[[], Model], size: int) -> Made:
    """A model of a square image of a fixed size, with a free batch."""
    return build, {"pixels": (1, 3, size, size)}, {"pixels": {0: "batch"}}


def eager(config: transformers.PretrainedConfig) -> transformers.PretrainedConfig:
    """The configuration with attention as products that can be counted."""
    config._attn_implementation = "eager"
    return config


def convnext(widths: tuple[int, ...], depths: tuple[int, ...]) -> Model:
    """ConvNeXt of those widths and depths."""
    config = transformers.ConvNextConfig(
        hidden_sizes=list(widths), depths=list(depths), num_labels=1000
    )
    return Tensors(transformers.ConvNextForImageClassification(config), ("logits",))


def swin() -> Model:
    """Swin-T, as its configuration's defaults have it."""
    config = transformers.SwinConfig(num_labels=1000)
    return Tensors(transformers.SwinForImageClassification(eager(config)), ("logits",))


def detr() -> Model:
    """DETR with a ResNet-50 backbone, 100 queries."""
    config = transformers.DetrConfig(use_timm_backbone=False, use_pretrained_backbone=False,
                                     backbone=None, backbone_config=transformers.ResNetConfig(
                                         out_features=["stage4"]), num_labels=91)  # fmt: skip
    return Tensors(transformers.DetrForObjectDetection(eager(config)), ("logits", "pred_boxes"))


def rt_detr() -> Model:
    """RT-DETR with a ResNet-50-vd backbone, as its configuration's defaults have it."""
    config = transformers.RTDetrConfig()
    return Tensors(transformers.RTDetrForObjectDetection(eager(config)), ("logits", "pred_boxes"))


def segformer() -> Model:
    """SegFormer-B0, as its configuration's defaults have it, with the 150 classes of ADE20K."""
    config = transformers.SegformerConfig(num_labels=150)
    return Tensors(transformers.SegformerForSemanticSegmentation(eager(config)), ("logits",))


def wav2vec2() -> Model:
    """wav2vec 2.0 base with its letters, as its configuration's defaults have it."""
    config = transformers.Wav2Vec2Config()
    return Tensors(transformers.Wav2Vec2ForCTC(eager(config)), ("logits",))


MODELS: dict[str, Made] = {
    "convnext_tiny": image(lambda: convnext((96, 192, 384, 768), (3, 3, 9, 3)), 224),
    "convnext_base": image(lambda: convnext((128, 256, 512, 1024), (3, 3, 27, 3)), 224),
    "swin_tiny": image(swin, 224),
    "detr_resnet50": image(detr, 800),
    "rt_detr_r50": image(rt_detr, 640),
    "segformer_b0": image(segformer, 512),
    "wav2vec2_base": (wav2vec2, {"samples": (1, 160_000)}, {"samples": {0: "batch", 1: "samples"}}),
}


def exported(model: Model, shapes: dict[str, tuple[int, ...]], free: dict) -> bytes:
    """The weight-free graph, gzipped; the same model gives the same bytes."""
    out = io.BytesIO()
    torch.onnx.export(
        model,
        tuple(torch.zeros(shape) for shape in shapes.values()),
        out,
        input_names=list(shapes),
        dynamic_axes=free,
        opset_version=OPSET,
        dynamo=False,
    )
    graph = onnx.load_model_from_string(out.getvalue())
    for tensor in graph.graph.initializer:
        elements = 1
        for dim in tensor.dims:
            elements *= dim
        is_number = tensor.data_type == onnx.TensorProto.FLOAT
        if elements > (KEPT_NUMBERS if is_number else KEPT_INTEGERS):
            for values in ("raw_data", "float_data", "int64_data"):
                tensor.ClearField(values)
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="weights")
    return gzip.compress(graph.SerializeToString(deterministic=True), mtime=0)


def counted(model: Model, shapes: dict[str, tuple[int, ...]]) -> tuple[int, int]:
    """Parameters, shared ones once, and multiply-accumulates of one sample."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*(torch.zeros(shape) for shape in shapes.values()))
    parameters = sum(tensor.numel() for tensor in model.parameters())
    return parameters, counter.get_total_flops() // 2


def main() -> None:
    """Write every export; print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--only", default="", help="names of models, comma-separated")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, (build, shapes, free) in MODELS.items():
        if asked.only and name not in asked.only.split(","):
            continue
        torch.manual_seed(0)
        model = build().eval()
        parameters, macs = counted(model, shapes)
        content = exported(model, shapes, free)
        (asked.out / f"{name}.onnx.gz").write_bytes(content)
        sys.stdout.write(f"{name},{parameters},{macs},{len(content)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
