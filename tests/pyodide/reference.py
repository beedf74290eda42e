"""A comparison of built-in models, as text: made here in CPython, and again in Pyodide.

    python tests/pyodide/reference.py FILE

writes it for test_pyodide_start.py to compare with.
"""

import json
import sys
from pathlib import Path

from phantomgpu.app import App
from phantomgpu.onnx import BytesSource

REQUEST = {
    "models": ["resnet50", "bert-base", "vit-b16"],
    "gpus": ["t4", "a100-sxm-80gb", "h100-sxm-80gb", "mi300x"],
    "runtimes": ["tensorrt", "pytorch-eager"],
    "precisions": ["fp32", "fp16"],
    "batches": [1, 8, 64],
}


def comparison_text(profiles: Path) -> str:
    """The document of ``compare --json`` for REQUEST."""
    texts = {
        path.relative_to(profiles).as_posix(): path.read_text("utf-8")
        for path in sorted(profiles.rglob("*.toml"))
    }
    app = App(texts, lambda file: BytesSource(file, (profiles / "models" / file).read_bytes()))
    return json.dumps(app.compare(REQUEST), indent=1, sort_keys=True)


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    Path(sys.argv[1]).write_text(comparison_text(root / "profiles"))
