"""Small real models as folders of Hugging Face; prints what PyTorch counts in each.

``python huggingface_models.py FOLDER``, with the Python that has transformers.
"""

import json
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    SqueezeBertConfig,
    SqueezeBertForSequenceClassification,
)

TOKENS = 32


def macs(model: torch.nn.Module) -> int:
    """Multiply-adds of one sequence, attention written out, as PyTorch's counter has them."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(input_ids=torch.ones(1, TOKENS, dtype=torch.int64))
    return counter.get_total_flops() // 2


def main(folder: Path) -> None:
    sizes = {
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 128, "vocab_size": 100, "num_labels": 3,
    }  # fmt: skip
    bert = BertForSequenceClassification(BertConfig(**sizes, attn_implementation="eager")).eval()
    squeeze = SqueezeBertForSequenceClassification(
        SqueezeBertConfig(**sizes, embedding_size=64)
    ).eval()
    counted = {}
    for name, model in (("bert", bert), ("squeezebert", squeeze)):
        model.save_pretrained(folder / name)
        counted[name] = macs(model)
    print(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
