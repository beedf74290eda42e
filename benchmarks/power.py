"""Predicted power and energy of served models beside measured ones.

    python benchmarks/power.py --data ../shared/data

``power_h100.csv`` has the mean power of an H100 that served language models under vLLM, with the
requests in flight and the tokens they gave. Nothing was fitted on it. A row is held against one
step of its mean batch in the middle of its output; prompts of chats are short beside their
answers, and their length is not in the file. Rows of several GPUs, of images, sound and video, and
of families that no configuration here describes, are left out.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting.load import catalog_in
from phantomgpu.families import build
from phantomgpu.hardware import Catalog
from phantomgpu.serving import Load
from phantomgpu.validation.language import LanguageModel

PROFILES: Final = Path(__file__).resolve().parents[1] / "profiles"
GPU, RUNTIME = "h100-sxm-80gb", "vllm"
PROMPT_TOKENS: Final = {"lm-arena-chat": 100, "gpqa": 250, "sourcegraph-fim": 1000}
"""By task; of the order of what its requests hold, since the file does not say."""

PRECISIONS: Final = {"bfloat16": "bf16", "fp8": "fp8", "mxfp4": "int4"}
"""What ran: Hopper multiplies mxfp4 weights in 16 bits."""

QWEN3: Final[Mapping[str, Any]] = {
    "model_type": "qwen3", "head_dim": 128, "num_key_value_heads": 8, "vocab_size": 151936,
    "max_position_embeddings": 40960, "hidden_act": "silu", "tie_word_embeddings": False,
}  # fmt: skip
MIXED: Final[Mapping[str, Any]] = {
    **QWEN3, "model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144,
    "moe_intermediate_size": 768, "num_hidden_layers": 48, "num_attention_heads": 32,
    "num_key_value_heads": 4, "num_experts": 128, "num_experts_per_tok": 8,
}  # fmt: skip


def _dense(hidden: int, inner: int, layers: int, heads: int) -> Mapping[str, Any]:
    return {
        **QWEN3, "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": heads,
    }  # fmt: skip


CONFIGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Qwen/Qwen3-8B": _dense(4096, 12288, 36, 32),
    "Qwen/Qwen3-14B": _dense(5120, 17408, 40, 40),
    "Qwen/Qwen3-32B": _dense(5120, 25600, 64, 64),
    "Qwen/Qwen3-30B-A3B": MIXED,
    "Qwen/Qwen3-Coder-30B-A3B": MIXED,
    "meta-llama/Llama-3.1-8B": {
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "max_position_embeddings": 131072,
    },
}
"""Of the published config.json, what decides shapes; a row's model is one whose name begins so."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One row: predicted over measured of each figure."""

    row: Mapping[str, str]
    step: float
    power: float
    energy: float


def main() -> None:
    """Compare and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with power_h100.csv")
    options.add_argument("--rows", action="store_true", help="print every row")
    given = options.parse_args()
    with (given.data / "power_h100.csv").open(encoding="utf-8", newline="") as file:
        found = list(compared(list(csv.DictReader(file)), catalog_in(PROFILES)))
    if given.rows:
        for each in found:
            row = each.row
            print(
                f"{row['model_id']:40} {row['task']:16} {float(row['avg_batch_size']):6.1f} "
                f"{float(row['avg_power_watts']):5.0f} W "
                f"step {each.step:4.2f} power {each.power:4.2f} energy {each.energy:4.2f}"
            )
    for title in ("step", "power", "energy"):
        ratio = np.array([getattr(each, title) for each in found])
        off = 100.0 * np.abs(ratio - 1.0)
        print(
            f"{title:7} {len(ratio)} rows: mean {np.mean(off):.1f} %, median {np.median(off):.1f},"
            f" p90 {np.quantile(off, 0.9):.1f}, bias {100.0 * np.mean(ratio - 1.0):+.1f};"
            f" 80 % within a factor of {np.exp(np.quantile(np.abs(np.log(ratio)), 0.8)):.2f}"
        )


def compared(rows: list[dict[str, str]], catalog: Catalog) -> Iterator[Compared]:
    """The rows of one GPU whose model is known."""
    models = {
        name: LanguageModel(build({"config.json": config}, name=name))
        for name, config in CONFIGS.items()
    }
    gpt = json.loads((PROFILES / "models" / "gpt-oss-120b.json").read_text("utf-8"))
    models["openai/gpt-oss-120b"] = LanguageModel(build({"config.json": gpt}, name="gpt-oss-120b"))
    small = {**gpt, "num_hidden_layers": 24, "num_local_experts": 32}
    models["openai/gpt-oss-20b"] = LanguageModel(build({"config.json": small}, name="gpt-oss-20b"))
    runtime, gpu = catalog.runtime(RUNTIME), catalog.gpu(GPU)
    for row in rows:
        model = next((m for name, m in models.items() if row["model_id"].startswith(name)), None)
        known = model is not None and row["num_gpus"] == "1" and row["task"] in PROMPT_TOKENS
        if not known or model is None or not row["energy_per_token_joules"]:
            continue
        sequences = max(round(float(row["avg_batch_size"])), 1)
        load = Load(PROMPT_TOKENS[row["task"]], round(float(row["avg_output_len"])))
        generating = model.served(runtime, load).generating
        found = generating.at(PRECISIONS[row["weight_precision"]], [sequences], [gpu])[0]
        whole_j, whole_s = (
            float(x[0]) for x in (found.estimate.energy_j, found.estimate.latency_s)
        )
        yield Compared(
            row,
            float(found.times.tpot_s[0]) * 1e3 / float(row["median_itl_ms"]),
            whole_j / whole_s / float(row["avg_power_watts"]),
            whole_j / (sequences * load.output_tokens) / float(row["energy_per_token_joules"]),
        )


if __name__ == "__main__":
    main()
