"""How long it takes to compare everything: all GPUs x 10 batches x 5 precisions."""

import time
from pathlib import Path

from benchmarks.figures import Figures
from phantomgpu.app import App
from phantomgpu.onnx import BytesSource
from phantomgpu.serving import runs

PROFILES = Path(__file__).resolve().parents[1] / "profiles"
BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
PRECISIONS = ["fp32", "fp16", "bf16", "fp8", "int8"]
SERVED_PRECISIONS = ["fp16", "fp8", "int4"]
ROUNDS = 3
# Issue 4, "Must show": of ResNet-50, what the cost model alone takes.
PREDICTED_FLOOR_S = 0.1
# Three times what it took on 2 cores with others at work.
FIRST_FLOOR_S = 1.5
AGAIN_FLOOR_S = 0.5
SERVED_FIRST_FLOOR_S = 2.0
SERVED_AGAIN_FLOOR_S = 1.5


def main() -> int:
    """Print the figures; 1 where one is worse than its floor."""
    figures = Figures("Sweep: every GPU, 10 batches, 5 precisions under TensorRT, 3 under vLLM")
    texts = {
        path.relative_to(PROFILES).as_posix(): path.read_text("utf-8")
        for path in sorted(PROFILES.rglob("*.toml"))
    }
    app = App(texts, lambda file: BytesSource(file, (PROFILES / "models" / file).read_bytes()))
    for model in ("resnet50", "bert-base"):
        request = whole(app, model, "tensorrt", PRECISIONS)
        twice(figures, app, request, FIRST_FLOOR_S, AGAIN_FLOOR_S)
        if model == "resnet50":
            taken = min(predicting_s(app, request) for _ in range(ROUNDS))
            figures.at_most("  of it in the cost model", taken, "s", PREDICTED_FLOOR_S)
    served = whole(app, "llama-3-70b", "vllm", SERVED_PRECISIONS)
    twice(figures, app, served, SERVED_FIRST_FLOOR_S, SERVED_AGAIN_FLOOR_S)
    return figures.exit_code


def whole(app: App, model: str, runtime: str, precisions: list[str]) -> dict[str, object]:
    """A request for a model on every GPU."""
    return {
        "models": [model],
        "gpus": [gpu["id"] for gpu in app.gpus()],
        "runtimes": [runtime],
        "precisions": precisions,
        "batches": BATCHES,
    }


def twice(
    figures: Figures, app: App, request: dict[str, object], first: float, again: float
) -> None:
    """Compare with a model that nobody asked for before, and once more."""
    (model,) = request["models"]
    cells, first_s = timed(app, request)
    _, again_s = timed(app, request)
    figures.note(f"{model}, cells", cells, "")
    figures.at_most(f"{model}, first time", first_s, "s", first)
    figures.at_most(f"{model}, again", again_s, "s", again)


def timed(app: App, request: dict[str, object]) -> tuple[int, float]:
    """Compare once: how many cells that gave, and in how many seconds."""
    start = time.perf_counter()
    document = app.compare(request)
    return len(document["cells"]), time.perf_counter() - start


def predicting_s(app: App, request: dict[str, object]) -> float:
    """Seconds of a comparison that pass in the cost model's ``predict``."""
    untimed, taken = runs.predict, []

    def predict(*given):
        start = time.perf_counter()
        found = untimed(*given)
        taken.append(time.perf_counter() - start)
        return found

    runs.predict = predict
    app.compare(request)
    runs.predict = untimed
    return sum(taken)


if __name__ == "__main__":
    raise SystemExit(main())
