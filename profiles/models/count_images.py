"""Count the truth about the models that make images, with their authors' own code.

    pip install torch==2.13.0 transformers==5.23.0 diffusers==0.42.1
    python profiles/models/count_images.py profiles/models/sd*.json

As ``count.py`` does for the other configurations: diffusers and transformers make each part on
PyTorch's ``meta`` device, and ``FlopCounterMode`` counts one pass of one sample through it, with
attention as matrix products. A line of ``truth.csv`` for each part, and one for their sum.
"""

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.models.attention_processor import AttnProcessor
from torch.utils.flop_counter import FlopCounterMode

TOKENS = 77
HOW = (
    "diffusers 0.42.1 and transformers 5.23.0 on the meta device, FlopCounterMode: count_images.py"
)


class Decoder(torch.nn.Module):
    """The half of an autoencoder that makes pixels."""

    def __init__(self, whole: Any) -> None:
        super().__init__()
        self.after, self.decoder = whole.post_quant_conv, whole.decoder

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents to pixels."""
        return self.decoder(self.after(latents))


def counted(model: Any, *inputs: torch.Tensor, **named: Any) -> tuple[int, int]:
    """Parameters and multiply-adds."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(*inputs, **named)
    return sum(each.numel() for each in set(model.parameters())), counter.get_total_flops() // 2


def text_encoder(values: dict[str, Any]) -> tuple[int, int]:
    """CLIP's half that reads."""
    config = transformers.CLIPTextConfig(**values)
    maker = getattr(transformers, values["architectures"][0])
    model = maker._from_config(config, attn_implementation="eager")
    return counted(model, torch.zeros(1, TOKENS, dtype=torch.int64))


def unet(values: dict[str, Any]) -> tuple[int, int]:
    """One evaluation of one step."""
    model = diffusers.UNet2DConditionModel.from_config(values)
    model.set_attn_processor(AttnProcessor())
    size, more = values["sample_size"], {}
    if values.get("addition_embed_type") == "text_time":
        width = values["projection_class_embeddings_input_dim"]
        width -= 6 * values["addition_time_embed_dim"]
        told = {"text_embeds": torch.zeros(1, width), "time_ids": torch.zeros(1, 6)}
        more = {"added_cond_kwargs": told}
    text = torch.zeros(1, TOKENS, values["cross_attention_dim"])
    latents = torch.zeros(1, values["in_channels"], size, size)
    return counted(model, latents, torch.zeros(1), text, **more)


def vae(values: dict[str, Any], size: int) -> tuple[int, int]:
    """Latents to pixels."""
    model = diffusers.AutoencoderKL.from_config(values)
    model.set_attn_processor(AttnProcessor())
    return counted(Decoder(model), torch.zeros(1, values["latent_channels"], size, size))


def main() -> None:
    """Write the lines of each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="configurations of pipelines")
    lines = csv.writer(sys.stdout, lineterminator="\n")
    for path in parser.parse_args().files:
        files = json.loads(path.read_text(encoding="utf-8"))
        size = files["unet/config.json"]["sample_size"]
        parts: dict[str, tuple[int, int]] = {}
        with torch.device("meta"):
            for name, values in files.items():
                part = name.partition("/")[0]
                if part.startswith("text_encoder"):
                    parts[part.replace("_", "-")] = text_encoder(values)
            parts["unet"] = unet(files["unet/config.json"])
            parts["vae-decoder"] = vae(files["vae/config.json"], size)
        parts[""] = tuple(map(sum, zip(*parts.values(), strict=True)))
        for part, figures in parts.items():
            lines.writerow((path.stem, part, *figures, HOW))


if __name__ == "__main__":
    main()
