"""How long reading takes, and how much memory: our reader beside ``onnx.load``.

Each row is a child process of its own, so that its peak memory is its own. The large files are
sparse: they take no room on the disk, and are read as if they did.
"""

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figures
from phantomgpu.onnx import BytesSource, infer_shapes, read_model

REPOSITORY = Path(__file__).resolve().parents[1]
CORPUS = REPOSITORY.parent / "shared" / "data"

_OURS = """
import os, resource, sys, time
from phantomgpu.onnx import read_model
class File:
    def __init__(self, path):
        self.name, self.size = path, os.path.getsize(path)
        self.file, self.reads = open(path, "rb", buffering=0), 0
    def read(self, offset, length):
        self.reads += 1
        return os.pread(self.file.fileno(), length, offset)
source = File(sys.argv[1])
begin = time.perf_counter()
graph = read_model(source)
spent = time.perf_counter() - begin
print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(graph.nodes), source.reads)
"""
_THEIRS = """
import resource, sys, time
import onnx
begin = time.perf_counter()
model = onnx.load(sys.argv[1])
if sys.argv[2:]:
    onnx.shape_inference.infer_shapes(model, data_prop=True)
spent = time.perf_counter() - begin
print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(model.graph.node), 0)
"""

READ_FLOOR_S = 0.05
PEAK_FLOOR_MIB = 60.0
MEDIAN_FLOOR_S = 0.05
WORST_FLOOR_S = 1.0


def main() -> int:
    """Print the figures; 1 where one is worse than its floor."""
    figures = Figures("Reading, beside onnx.load (each in a process of its own)")
    with tempfile.TemporaryDirectory() as folder:
        _files(figures, Path(folder))
    if CORPUS.is_dir():
        _shapes(figures)
    return figures.exit_code


def _files(figures: Figures, folder: Path) -> None:
    large = sparse_model(folder / "large.onnx", weights=250, weight_bytes=10_000_000)
    medium = sparse_model(folder / "medium.onnx", weights=3000, weight_bytes=66_000)
    small = sparse_model(folder / "small.onnx", weights=20, weight_bytes=10_000_000)
    spent_s, peak_mib, reads = _run(_OURS, large)
    figures.at_most("read_model, 2.5 GB in 250 weights", spent_s, "s", READ_FLOOR_S)
    figures.at_most("  peak memory, interpreter included", peak_mib, "MiB", PEAK_FLOOR_MIB)
    figures.note("  reads", reads, "")
    for what, program, arguments in (
        ("read_model, 200 MB in 3,000 weights", _OURS, (medium,)),
        ("read_model, 200 MB in 20 weights", _OURS, (small,)),
        ("onnx.load, 200 MB in 20 weights", _THEIRS, (small,)),
        ("onnx.load + infer_shapes, 200 MB", _THEIRS, (small, "shapes")),
    ):
        spent_s, peak_mib, reads = _run(program, *arguments)
        figures.note(what, spent_s, "s", f"{reads} reads" if reads else "")
        figures.note("  peak memory", peak_mib, "MiB")
    try:
        figures.note("onnx.load, 2.5 GB in 250 weights", _run(_THEIRS, large)[0], "s")
    except subprocess.CalledProcessError:
        print("  onnx.load, 2.5 GB in 250 weights: fails", flush=True)


def sparse_model(path: Path, *, weights: int, weight_bytes: int) -> Path:
    """A chain of additions over weights whose bytes are a hole in the file."""
    parts: list[bytes | int] = []
    for index in range(weights):
        head = _count(1, weight_bytes // 4) + _count(2, 1) + _text(8, f"w{index}".encode())
        head += b"\x4a" + _varint(weight_bytes)
        parts += [b"\x2a" + _varint(len(head) + weight_bytes) + head, weight_bytes]
    names = [f"x{index}".encode() for index in range(weights + 1)]
    for index in range(weights):
        node = _text(1, names[index]) + _text(1, f"w{index}".encode())
        parts.append(_text(1, node + _text(2, names[index + 1]) + _text(4, b"Add")))
    kind = _text(1, _count(1, 1) + _text(2, _text(1, _count(1, weight_bytes // 4))))
    for field, name in ((11, names[0]), (12, names[-1])):
        parts.append(_text(field, _text(1, name) + _text(2, kind)))
    parts.append(_text(2, b"chain"))
    total = sum(part if isinstance(part, int) else len(part) for part in parts)
    with path.open("wb") as file:
        file.write(_count(1, 8) + _text(8, _count(2, 17)) + b"\x3a" + _varint(total))
        for part in parts:
            if isinstance(part, int):
                file.seek(part, 1)
            else:
                file.write(part)
    return path


def _run(program: str, *arguments: object) -> tuple[float, float, int]:
    """Seconds, peak MiB and reads of a child process; the better of two runs."""
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            cwd=REPOSITORY, capture_output=True, text=True, check=True,
        )  # fmt: skip
        spent_s, peak_kib, _, reads = done.stdout.split()
        found.append((float(spent_s), int(peak_kib) / 1024, int(reads)))
    return min(found)


def _shapes(figures: Figures) -> None:
    spent: list[tuple[float, float, str]] = []
    for path in sorted((CORPUS / "corpus").glob("*.onnx.gz")):
        source = BytesSource(path.name, path.read_bytes())
        fixed = json.loads(path.with_name(path.name.replace(".onnx.gz", ".json")).read_text())
        begin = time.perf_counter()
        graph = read_model(source)
        read = time.perf_counter()
        symbols = {dim for name in graph.inputs for dim in graph.tensors[name].dims or ()}
        infer_shapes(graph, {key: n for key, n in fixed["fix"].items() if key in symbols})
        spent.append((time.perf_counter() - read, read - begin, path.name))
        gc.collect()
    worst = max(spent)
    median_s = statistics.median(each[0] for each in spent)
    figures.at_most(f"infer_shapes, median of {len(spent)} models", median_s, "s", MEDIAN_FLOOR_S)
    figures.at_most("infer_shapes, worst of them", worst[0], "s", WORST_FLOOR_S)
    figures.note("read_model, median of them", statistics.median(each[1] for each in spent), "s")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _count(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


if __name__ == "__main__":
    sys.exit(main())
