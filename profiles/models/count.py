"""Count the truth about the models that are configurations, with their authors' own code.

    pip install torch transformers
    python profiles/models/count.py profiles/models/*.json

For each configuration, transformers makes the model on PyTorch's ``meta`` device, which holds
shapes and no numbers. Parameters are the elements of its distinct parameters; products are what
``FlopCounterMode`` counts of one run, attention as matrix products (``eager``), experts as those
that each token is sent to. A line of ``truth.csv`` for each: model, part, parameters, MACs, how.

A decoder reads 128 tokens and gives the logits of the last; T5 reads 128 and writes one; Whisper
hears 30 s and writes one; an image has the size of the configuration, CLIP's text 77 tokens.
"""

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
import transformers.masking_utils
from torch.utils.flop_counter import FlopCounterMode

# Whether several texts are packed into one sequence is asked of numbers, which are not there.
transformers.masking_utils.find_packed_sequence_indices = lambda position_ids: None

TOKENS = 128
DECODER = "AutoModelForCausalLM"
CLASSES = {
    "t5": "T5ForConditionalGeneration",
    "vit": "ViTForImageClassification",
    "deit": "DeiTForImageClassification",
    "clip": "CLIPModel",
    "whisper": "WhisperForConditionalGeneration",
    "bert": "BertModel",
    "roberta": "RobertaModel",
    "electra": "ElectraModel",
    "distilbert": "DistilBertModel",
    "mpnet": "MPNetModel",
    "bart": "BartForConditionalGeneration",
    "mbart": "MBartForConditionalGeneration",
}


def count(values: dict[str, Any]) -> tuple[int, int]:
    """Parameters and multiply-adds of one run of the model that a configuration describes."""
    kind = values["model_type"]
    config = transformers.CONFIG_MAPPING[kind](**values)
    experts = {"experts_implementation": "batched_mm"} if "num_experts_per_tok" in values else {}
    with torch.device("meta"):
        config._attn_implementation = "eager"
        if experts:
            config._experts_implementation = "batched_mm"
        maker = getattr(transformers, CLASSES.get(kind, DECODER))
        make = maker.from_config if kind not in CLASSES else maker._from_config
        model = make(config, attn_implementation="eager", **experts).eval()
        parameters = sum(each.numel() for each in set(model.parameters()))
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(**inputs(kind, config))
    return parameters, counter.get_total_flops() // 2


def inputs(kind: str, config: Any) -> dict[str, Any]:
    """What one run is fed."""
    tokens = torch.zeros(1, TOKENS, dtype=torch.int64)
    one = torch.zeros(1, 1, dtype=torch.int64)
    if kind in ("vit", "deit"):
        return {"pixel_values": torch.zeros(1, 3, config.image_size, config.image_size)}
    if kind == "clip":
        size, words = config.vision_config.image_size, config.text_config.max_position_embeddings
        return {
            "pixel_values": torch.zeros(1, 3, size, size),
            "input_ids": torch.zeros(1, words, dtype=torch.int64),
        }
    if kind == "whisper":
        features = torch.zeros(1, config.num_mel_bins, 2 * config.max_source_positions)
        return {"input_features": features, "decoder_input_ids": one}
    if kind in ("t5", "bart", "mbart"):
        return {"input_ids": tokens, "decoder_input_ids": one}
    if kind in ("bert", "roberta", "electra", "distilbert", "mpnet"):
        return {"input_ids": tokens}
    return {"input_ids": tokens, "logits_to_keep": 1, "use_cache": False}


def main() -> None:
    """Write a line for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    how = f"transformers {transformers.__version__} on the meta device, FlopCounterMode: count.py"
    for file in parser.parse_args().files:
        parameters, macs = count(json.loads(file.read_text(encoding="utf-8")))
        writer.writerow([file.stem, "", parameters, macs, how])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
