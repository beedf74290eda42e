"""The built-in models that are configurations: what the index says of each.

``NAME.json`` beside this file has the keys of the published ``config.json`` that decide shapes.
Parameters and products in the index are those of the graph that ``phantomgpu.families`` builds;
``truth.csv`` has those that ``count.py`` counts with transformers from the same file.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from phantomgpu.families import Definition, build
from phantomgpu.workload import lower

HERE = Path(__file__).parent

TEXT = "text generation"


@dataclass(frozen=True)
class Defined:
    """One configuration; ``repository`` is where it was published, on huggingface.co."""

    id: str
    title: str
    task: str
    repository: str
    dims: dict[str, int]
    aliases: tuple[str, ...] = ()


def decoder(name: str, title: str, repository: str, *aliases: str) -> Defined:
    """A language model; its figures are of a prompt of 128 tokens."""
    dims = {"batch": 1, "sequence": 128, "past": 0}
    return Defined(name, title, TEXT, repository, dims, (repository, *aliases))


def vision(name: str, title: str, repository: str, *aliases: str) -> Defined:
    """A classifier of images."""
    names = (repository, *aliases)
    return Defined(name, title, "image classification", repository, {"batch": 1}, names)


def images(name: str, title: str, repository: str, latent: int, *aliases: str) -> Defined:
    """Images from text; its figures are of one pass through each part."""
    dims = {"batch": 1, "latent_height": latent, "latent_width": latent, "text": 77}
    return Defined(name, title, "images from text", repository, dims, (repository, *aliases))


def clip(name: str, title: str, repository: str, *aliases: str) -> Defined:
    """An image and a text side by side."""
    names = (repository, *aliases)
    return Defined(name, title, "image and text", repository, {"batch": 1}, names)


def whisper(name: str, title: str, repository: str, *aliases: str) -> Defined:
    """Half a minute of sound; its figures are of hearing it and writing one token."""
    dims = {"batch": 1, "sequence": 1, "past": 0}
    names = (repository, *aliases)
    return Defined(name, title, "speech recognition", repository, dims, names)


DEFINED = (
    decoder("gpt2", "GPT-2", "openai-community/gpt2", "gpt-2"),
    decoder("llama-2-7b", "Llama 2 7B", "meta-llama/Llama-2-7b-hf"),
    decoder("llama-2-13b", "Llama 2 13B", "meta-llama/Llama-2-13b-hf"),
    decoder("llama-2-70b", "Llama 2 70B", "meta-llama/Llama-2-70b-hf"),
    decoder("llama-3-8b", "Llama 3 8B", "meta-llama/Meta-Llama-3-8B"),
    decoder("llama-3-70b", "Llama 3 70B", "meta-llama/Meta-Llama-3-70B"),
    decoder("llama-3.1-70b", "Llama 3.1 70B", "meta-llama/Llama-3.1-70B"),
    decoder("codellama-34b", "CodeLlama 34B", "codellama/CodeLlama-34b-hf"),
    decoder("mistral-7b", "Mistral 7B", "mistralai/Mistral-7B-v0.1", "mistral"),
    decoder("mixtral-8x7b", "Mixtral 8x7B", "mistralai/Mixtral-8x7B-v0.1"),
    decoder("qwen2.5-7b", "Qwen2.5 7B", "Qwen/Qwen2.5-7B"),
    decoder("qwen2.5-14b", "Qwen2.5 14B", "Qwen/Qwen2.5-14B"),
    decoder("qwen2.5-72b", "Qwen2.5 72B", "Qwen/Qwen2.5-72B"),
    decoder("qwen3-32b", "Qwen3 32B", "Qwen/Qwen3-32B"),
    decoder("gemma-2-9b", "Gemma 2 9B", "google/gemma-2-9b"),
    decoder("gemma-2-27b", "Gemma 2 27B", "google/gemma-2-27b"),
    decoder("phi-3.5-mini", "Phi-3.5 mini", "microsoft/Phi-3.5-mini-instruct"),
    decoder("phi-3-medium", "Phi-3 medium", "microsoft/Phi-3-medium-128k-instruct"),
    decoder("deepseek-v3", "DeepSeek-V3", "deepseek-ai/DeepSeek-V3", "deepseek-r1"),
    decoder("gpt-oss-120b", "gpt-oss-120b", "openai/gpt-oss-120b"),
    decoder("minimax-m2.5", "MiniMax-M2.5", "MiniMaxAI/MiniMax-M2.5"),
    Defined("t5-base", "T5 base", "text to text", "google-t5/t5-base",
            {"batch": 1, "sequence": 128, "past": 0, "source": 128}, ("google-t5/t5-base", "t5")),
    whisper("whisper-small", "Whisper small", "openai/whisper-small"),
    whisper("whisper-large", "Whisper large v3", "openai/whisper-large-v3"),
    vision("vit-l16", "ViT-L/16", "google/vit-large-patch16-224", "vit_l_16", "vit-large"),
    vision("vit-h14", "ViT-H/14", "google/vit-huge-patch14-224-in21k", "vit-huge", "vit_h_14"),
    vision("deit-b", "DeiT-B", "facebook/deit-base-patch16-224", "deit-base", "deit"),
    clip("clip-b32", "CLIP ViT-B/32", "openai/clip-vit-base-patch32", "clip-vit-b32", "clip"),
    clip("clip-b16", "CLIP ViT-B/16", "openai/clip-vit-base-patch16", "clip-vit-b16"),
    clip("clip-l14", "CLIP ViT-L/14", "openai/clip-vit-large-patch14", "clip-vit-l14"),
    images("sd15", "Stable Diffusion 1.5", "stable-diffusion-v1-5/stable-diffusion-v1-5", 64,
           "stable-diffusion-v1-5", "stable-diffusion", "sd", "sd-v1.5"),
    images("sdxl", "Stable Diffusion XL", "stabilityai/stable-diffusion-xl-base-1.0", 128,
           "stable-diffusion-xl-base-1.0", "sdxl-1.0", "sdxl-base"),
)  # fmt: skip


def definition(entry: Defined) -> Definition:
    """What the configuration beside this file describes."""
    found = json.loads((HERE / f"{entry.id}.json").read_text(encoding="utf-8"))
    files = found if "model_index.json" in found else {"config.json": found}
    return build(files, name=entry.id)


def macs(made: Definition, dims: dict[str, int]) -> int:
    """Multiply-adds of one pass through each part; a decoder behind an encoder writes one token."""
    total = 0.0
    for number, part in enumerate(made.parts):
        symbols = {dim for name in part.graph.inputs for dim in part.graph.tensors[name].dims or ()}
        behind = number and made.generation is not None
        known = {**dims, **part.dims} | ({"sequence": 1} if behind else {})
        sizes = {name: size for name, size in known.items() if name in symbols}
        schedule = lower(part.graph, fusion=(), casts="none", runtime="none", dims=sizes)
        kernels = schedule.at(sizes.get("batch", 1), "fp16").kernels
        total += float((kernels.matrix_flops * kernels.count).sum())
    return int(total) // 2


def described(entry: Defined) -> dict[str, object]:
    """The entry of the index."""
    made = definition(entry)
    return {
        "title": entry.title,
        "task": entry.task,
        "file": f"{entry.id}.json",
        "source": f"{'configurations' if made.steps else 'config.json'} of {entry.repository} "
        "on huggingface.co",
        "parameters": made.parameters,
        "macs": macs(made, entry.dims),
        "dims": entry.dims,
        "aliases": entry.aliases,
    }
