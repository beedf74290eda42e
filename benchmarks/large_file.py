"""How long a model of 2.5 GB takes to read, and how much memory.

The file is sparse: its weights are holes, so it takes next to no disk, but
whoever reads them gets 2.5 GB of zeros. Reading runs in a process of its own,
whose peak memory is compared with that before reading.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

import onnx
from onnx import TensorProto, helper

from benchmarks.figures import Figures
from phantomgpu.cli.sources import open_source
from phantomgpu.onnx import read_model

FILE_BYTES = 2_500_000_000
LAYERS = 40
WIDTH = 4096
# The walker was measured at 10 ms and 1 MB (onnx.md); a busy machine gets ten times that.
READ_FLOOR_S = 0.1
GROWTH_FLOOR_MB = 10.0


def main() -> int:
    """Print the figures; 1 where one is worse than its floor."""
    figures = Figures("Reading a file of 2.5 GB")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.onnx"
        write_model(file)
        command = [sys.executable, "-m", "benchmarks.large_file", str(file)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    measured = json.loads(said)
    figures.note("file", measured["file_bytes"] / 1e9, "GB", f"{measured['nodes']} nodes")
    figures.at_most("time to read the graph", measured["read_s"], "s", READ_FLOOR_S)
    figures.note("peak memory of the process", measured["peak_mb"], "MB")
    figures.at_most("of that, by reading", measured["growth_mb"], "MB", GROWTH_FLOOR_MB)
    return figures.exit_code


def measure(file: str) -> dict[str, float]:
    """Read a file in this process; its time and memory."""
    source = open_source(file)
    before_mb = peak_mb()
    start = time.perf_counter()
    graph = read_model(source)
    return {
        "read_s": time.perf_counter() - start,
        "file_bytes": source.size,
        "nodes": len(graph.nodes),
        "peak_mb": peak_mb(),
        "growth_mb": peak_mb() - before_mb,
    }


def peak_mb() -> float:
    """Most memory this process has held so far, in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def write_model(path: Path) -> None:
    """Write a chain of matrix products whose weights are holes in the file."""
    weight_bytes = FILE_BYTES // LAYERS
    rows = weight_bytes // (4 * WIDTH)
    nodes, heads = [], []
    for layer in range(LAYERS):
        inputs = ["x" if layer == 0 else f"y{layer - 1}", f"w{layer}"]
        nodes.append(helper.make_node("MatMul", inputs, [f"y{layer}"]))
        dims = [WIDTH, rows] if layer % 2 == 0 else [rows, WIDTH]
        head = TensorProto(name=f"w{layer}", data_type=TensorProto.FLOAT, dims=dims)
        heads.append(head.SerializeToString())
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", WIDTH])
    y = helper.make_tensor_value_info(f"y{LAYERS - 1}", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "large", [x], [y]).SerializeToString()
    hole = 4 * WIDTH * rows
    tensors = [head + b"\x4a" + varint(hole) for head in heads]  # raw_data = 9
    length = len(graph) + sum(
        1 + len(varint(len(tensor) + hole)) + len(tensor) + hole for tensor in tensors
    )
    model = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)])
    with path.open("wb") as file:
        file.write(model.SerializeToString() + b"\x3a" + varint(length) + graph)  # graph = 7
        for tensor in tensors:
            write_tensor(file, tensor, hole)
        file.truncate(file.tell())


def write_tensor(file: BinaryIO, tensor: bytes, hole: int) -> None:
    """Write an initializer (field 5) up to its weights, then skip as far as they go."""
    file.write(b"\x2a" + varint(len(tensor) + hole) + tensor)
    file.seek(hole, 1)


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        raise SystemExit(0)
    raise SystemExit(main())
