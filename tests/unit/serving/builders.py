"""Small language models and what serves them; a test says what it changes."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from phantomgpu.comparison.sweep import schedule_for
from phantomgpu.families import build
from phantomgpu.hardware import load_catalog
from phantomgpu.serving import Load, run_of

PROFILES = Path(__file__).resolve().parents[3] / "profiles"

LLAMA = {
    "model_type": "llama", "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 2, "intermediate_size": 1024, "vocab_size": 1000,
    "max_position_embeddings": 4096,
}  # fmt: skip
EXPERTS = {
    "model_type": "mixtral", "hidden_size": 512, "num_hidden_layers": 2, "num_attention_heads": 8,
    "num_key_value_heads": 2, "intermediate_size": 1024, "vocab_size": 1000,
    "num_local_experts": 16, "num_experts_per_tok": 2, "max_position_embeddings": 4096,
}  # fmt: skip
WINDOWED = {
    "model_type": "gemma2", "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 2, "head_dim": 64, "intermediate_size": 1024, "vocab_size": 1000,
    "sliding_window": 128, "max_position_embeddings": 4096,
}  # fmt: skip


@cache
def the_catalog():
    """The profiles of the repository."""
    return load_catalog(
        {
            str(path): path.read_text(encoding="utf-8")
            for folder in ("gpus", "architectures", "runtimes")
            for path in (PROFILES / folder).glob("*.toml")
        }
    )


@cache
def a_model(kind="llama"):
    """A definition: ``"llama"``, ``"experts"`` or ``"windowed"``."""
    config = {"llama": LLAMA, "experts": EXPERTS, "windowed": WINDOWED}[kind]
    return build({"config.json": config}, name=kind)


@cache
def lowered(sha256, fusion, runtime, dims, model):
    graph = next(p.graph for p in a_model(model).parts if p.graph.sha256 == sha256)
    return schedule_for(graph, the_catalog().runtime(runtime), dict(dims))


def a_run(kind="llama", runtime="vllm", serving=None, **load):
    """The model under a load; keywords of ``Load``."""
    chosen = the_catalog().runtime(runtime)
    if serving:
        chosen = replace(chosen, serving=replace(chosen.serving, **serving))

    def schedules(graph, runtime, dims):
        key = tuple(sorted(dims.items()))
        return lowered(graph.sha256, runtime.fusion, runtime.id, key, kind)

    asked = Load(**{"prompt_tokens": 256, "output_tokens": 65, **load})
    return run_of(a_model(kind), chosen, {}, load=asked, lowered=schedules)


def served(run, concurrency=4, gpu="a100-sxm-80gb", precision="fp16"):
    """What users of a run get on one GPU."""
    (outcome,) = run.at(precision, [concurrency], [the_catalog().gpu(gpu)])
    return outcome.served[0]
