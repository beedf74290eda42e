"""One's own model: dropped, read where it lies, compared as the command line compares it."""

import contextlib
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Worker, expect

from benchmarks.reading import sparse_model
from tests.browser.driver import FIGURES, LIVE_MS, Comparison, Watch

WEIGHT_BYTES = 100_000_000
HUGE_WEIGHTS = 250
MOST_GROWTH_BYTES = 40 * 2**20
BUILT_IN = ("resnet50", "bert-base", "vit-b16")
FROM_CORPUS = ("resnet50_dy18_dynb", "bert_base_ts14_dyn", "vit_b16_dy18_dynb")

_COUNT_BYTES = """() => {
    const read = FileReaderSync.prototype.readAsArrayBuffer;
    self.bytesRead = 0;
    FileReaderSync.prototype.readAsArrayBuffer = function (blob) {
        self.bytesRead += blob.size;
        return read.call(this, blob);
    };
}"""
_COUNT_GROWTH = """() => {
    const grow = WebAssembly.Memory.prototype.grow;
    self.grownBytes = 0;
    WebAssembly.Memory.prototype.grow = function (pages) {
        self.grownBytes += pages * 65536;
        return grow.call(this, pages);
    };
}"""


def on_command_line(model: Path, live: Comparison) -> dict[tuple[str, str, str, int], Any]:
    """The cells of `phantomgpu compare --json` for what the page shows."""
    command = [
        Path(sys.executable).with_name("phantomgpu"), "compare", model,
        "--gpus", ",".join(live.gpus()),
        "--batch", ",".join(str(batch) for batch in live.batches()),
        "--precision", "fp16", "--runtime", "tensorrt", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {
        (cell["gpu"], cell["runtime"], cell["precision"], cell["batch"]): {
            name: cell[name] for name in FIGURES
        }
        for cell in json.loads(done.stdout)["cells"]
    }


@pytest.mark.parametrize("model", BUILT_IN)
def test_dropped_file_gets_the_figures_of_the_command_line(
    model: str, live: Comparison, repository: Path
) -> None:
    file = repository / "profiles" / "models" / f"{model}.onnx.gz"

    live.drop(file)

    assert live.error() == {}
    assert file.name in live.headline()
    assert len(live.gpus()) >= 4
    assert live.cells() == on_command_line(file, live)


@pytest.mark.corpus
@pytest.mark.parametrize("model", FROM_CORPUS)
def test_file_of_the_corpus_gets_the_figures_of_the_command_line(
    model: str, live: Comparison, shared_data: Path
) -> None:
    file = shared_data / "corpus" / f"{model}.onnx.gz"

    live.drop(file)

    assert live.error() == {}
    assert live.cells() == on_command_line(file, live)


def test_file_that_fixes_its_batch_is_compared_at_that_batch(
    live: Comparison, tmp_path: Path
) -> None:
    live.drop(a_model(tmp_path / "fixed.onnx", batch=1))

    assert live.error() == {}
    assert live.batches() == [1]
    assert "fixes its batch" in live.page.locator("#notice").inner_text()


def test_weights_of_a_large_file_are_not_read(live: Comparison, tmp_path: Path) -> None:
    file = a_model(tmp_path / "large.onnx", weight_bytes=WEIGHT_BYTES)
    worker = engine_worker(live)
    worker.evaluate(_COUNT_BYTES)

    live.choose(file)

    assert live.error() == {}
    assert "large.onnx" in live.headline()
    assert file.stat().st_size >= WEIGHT_BYTES
    assert worker.evaluate("self.bytesRead") < WEIGHT_BYTES / 100


def test_file_of_2500_mb_opens_in_little_memory(live: Comparison, tmp_path: Path) -> None:
    file = sparse_model(tmp_path / "huge.onnx", weights=HUGE_WEIGHTS, weight_bytes=10_000_000)
    worker = engine_worker(live)
    worker.evaluate(_COUNT_BYTES)
    worker.evaluate(_COUNT_GROWTH)

    live.choose(file)

    assert live.error() == {}
    assert "huge.onnx" in live.headline()
    assert len(live.cells()) >= 4
    assert file.stat().st_size >= 2_500_000_000
    assert worker.evaluate("self.bytesRead") < file.stat().st_size / 100
    assert worker.evaluate("self.grownBytes") <= MOST_GROWTH_BYTES


def test_free_dimension_has_a_field_with_its_guess(live: Comparison, repository: Path) -> None:
    live.drop(repository / "profiles" / "models" / "bert-base.onnx.gz")
    field = live.page.locator("#dims input").first
    assert field.get_attribute("placeholder") == "128"
    guessed = live.cells()

    field.fill("512")
    field.press("Enter")
    live.settle()

    slower = live.cells()
    assert all(slower[key]["latency_ms"] > guessed[key]["latency_ms"] for key in guessed)


def engine_worker(live: Comparison) -> Worker:
    """The worker that the engine runs in."""
    (worker,) = live.page.workers
    return worker


def a_model(path: Path, *, batch: int | str = "batch", weight_bytes: int = 4096) -> Path:
    """An ONNX file of one matrix product, with weights of about that size."""
    import onnx
    from onnx import TensorProto, helper

    side = int((weight_bytes / 4) ** 0.5) + 1
    weight = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[side, side], raw_data=bytes(4 * side * side)
    )
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "one product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, side])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, side])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


class _Ranges(http.server.BaseHTTPRequestHandler):
    """A file host as there are many: any page may read from it, in ranges or only whole."""

    content = b""
    in_ranges = True

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self._let_pages_read()
        self.end_headers()

    def do_GET(self) -> None:
        first, last = 0, len(self.content) - 1
        if self.in_ranges:
            asked = self.headers["Range"].removeprefix("bytes=").split("-")
            first, last = int(asked[0]), min(int(asked[1]), last)
        self.send_response(206 if self.in_ranges else 200)
        self.send_header("Content-Length", str(last + 1 - first))
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(self.content)}")
        self._let_pages_read()
        self.end_headers()
        self.wfile.write(self.content[first : last + 1])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _let_pages_read(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Range")
        self.send_header("Access-Control-Expose-Headers", "Content-Range")


@contextlib.contextmanager
def hosted(content: bytes, *, in_ranges: bool = True) -> Iterator[str]:
    """The address of a model on a server of its own."""
    handler = type("Host", (_Ranges,), {"content": content, "in_ranges": in_ranges})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/models/there.onnx"
        server.shutdown()


def read_address(live: Comparison, address: str, *, place: str, shows: str) -> None:
    """Type the address of a model where models are searched; wait for what comes of it."""
    search = live.page.get_by_role("combobox", name="Built-in models")
    search.fill(address)
    search.press("Enter")
    expect(live.page.locator(place)).to_contain_text(shows, timeout=LIVE_MS)
    live.settle()


def test_model_at_an_address_is_read_by_ranges(
    live: Comparison, watch: Watch, tmp_path: Path
) -> None:
    file = a_model(tmp_path / "there.onnx", weight_bytes=WEIGHT_BYTES // 10)
    with hosted(file.read_bytes()) as address:
        read_address(live, address, place="#headline", shows="there.onnx")

    asked = {urlsplit(url).path for url in watch.elsewhere}
    assert live.error() == {}
    assert "there.onnx" in live.headline()
    assert live.cells() == on_command_line(file, live)
    assert asked == {"/models/there.onnx"}
    watch.elsewhere.clear()  # what the person asked for, and nothing else


def test_address_of_a_server_without_ranges_says_what_to_do(
    live: Comparison, watch: Watch, tmp_path: Path
) -> None:
    before = live.cells()
    with hosted(a_model(tmp_path / "there.onnx").read_bytes(), in_ranges=False) as address:
        read_address(live, address, place="#error", shows="only whole files")

    assert "only whole files" in live.error()["what"]
    assert "drop it here" in live.error()["fix"]
    assert live.cells() == before
    watch.elsewhere.clear()
