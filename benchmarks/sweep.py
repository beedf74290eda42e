"""How long it takes to compare everything: all GPUs x 10 batches x 3 precisions."""

import time
from pathlib import Path

from benchmarks.figures import Figures
from phantomgpu.app import App
from phantomgpu.onnx import BytesSource

PROFILES = Path(__file__).resolve().parents[1] / "profiles"
BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
PRECISIONS = ["fp32", "fp16", "int8"]
# Three times what it took on 2 cores with others at work.
FIRST_FLOOR_S = 1.5
AGAIN_FLOOR_S = 0.5
SERVED = "llama-3-70b"
SERVED_PRECISIONS = ["fp16", "fp8", "int4"]
SERVED_FIRST_FLOOR_S = 2.0
SERVED_AGAIN_FLOOR_S = 1.5


def main() -> int:
    """Print the figures; 1 where one is worse than its floor."""
    figures = Figures("Sweep: every GPU, 10 batches, 3 precisions, TensorRT")
    texts = {
        path.relative_to(PROFILES).as_posix(): path.read_text("utf-8")
        for path in sorted(PROFILES.rglob("*.toml"))
    }
    app = App(texts, lambda file: BytesSource(file, (PROFILES / "models" / file).read_bytes()))
    gpus = [gpu["id"] for gpu in app.gpus()]
    for model in ("resnet50", "bert-base"):
        request = {
            "models": [model],
            "gpus": gpus,
            "runtimes": ["tensorrt"],
            "precisions": PRECISIONS,
            "batches": BATCHES,
        }
        cells, first_s = timed(app, request)
        _, again_s = timed(app, request)
        figures.note(f"{model}, cells", cells, "")
        figures.at_most(f"{model}, first time", first_s, "s", FIRST_FLOOR_S)
        figures.at_most(f"{model}, again", again_s, "s", AGAIN_FLOOR_S)
    served(app, gpus, figures)
    return figures.exit_code


def served(app: App, gpus: list[str], figures: Figures) -> None:
    """The same of a language model: prompts, steps, cache and the largest concurrency of each."""
    request = {
        "models": [SERVED],
        "gpus": gpus,
        "runtimes": ["vllm"],
        "precisions": SERVED_PRECISIONS,
        "batches": BATCHES,
    }
    cells, first_s = timed(app, request)
    _, again_s = timed(app, request)
    figures.note(f"{SERVED} under vLLM, cells", cells, "")
    figures.at_most(f"{SERVED}, first time", first_s, "s", SERVED_FIRST_FLOOR_S)
    figures.at_most(f"{SERVED}, again", again_s, "s", SERVED_AGAIN_FLOOR_S)


def timed(app: App, request: dict[str, object]) -> tuple[int, float]:
    """Compare once: how many cells that gave, and in how many seconds."""
    start = time.perf_counter()
    document = app.compare(request)
    return len(document["cells"]), time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
