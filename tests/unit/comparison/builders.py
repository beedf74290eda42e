"""Graphs, catalogues and requests that are valid as they come; a test says what it changes."""

from phantomgpu.comparison import Request
from phantomgpu.hardware import load_catalog
from phantomgpu.hardware.calibration import PARAMETERS
from phantomgpu.onnx.graph import Graph, Node, Tensor

MOST_PRECISIONS = '["fp32", "tf32", "fp16", "bf16", "fp8", "int8", "int4", "fp4"]'


def a_graph(*, layers=3, width=64, batch="batch", sha256="abc"):
    """A chain of square products on an input ``x`` of ``[batch, width]``."""
    tensors = {"x": Tensor("x", (batch, width), "float32")}
    nodes, last = [], "x"
    for at in range(layers):
        weight, out = f"w{at}", f"y{at}"
        tensors[weight] = Tensor(weight, (width, width), "float32", is_weight=True)
        nodes.append(Node(f"product_{at}", "MatMul", "", (last, weight), (out,)))
        last = out
    return Graph(
        name="chain",
        nodes=tuple(nodes),
        tensors=tensors,
        inputs=("x",),
        outputs=(last,),
        opsets={"": 17},
        ir_version=8,
        weight_bytes=4 * layers * width * width,
        sha256=sha256,
    )


def a_gpu_text(*, name="Round", vendor="nvidia", memory_gb=16, bandwidth=1000, **peaks):
    """A GPU profile of round numbers; peaks by precision in TFLOPS."""
    stated = {"fp32": 10, "fp16": 100, "int8": 200} | peaks
    lines = "\n".join(f"{key} = {value}" for key, value in stated.items() if value)
    return f"""\
name = "{name}"
status = "D"

[spec]
vendor = "{vendor}"
architecture = "roundness"
sm = "round"
sm_count = 100
boost_clock_mhz = 1000
memory_gb = {memory_gb}
bandwidth_gb_per_s = {bandwidth}
l2_mb = 10
shared_kb_per_sm = 100
tdp_w = 300

[spec.peak_tflops]
{lines}

[sources]
spec = "the data sheet"
"""


def a_runtime_text(*, name="Plain", vendors='["nvidia"]', precisions=MOST_PRECISIONS):
    """A runtime profile that fuses nothing."""
    return f"""\
name = "{name}"
precisions = {precisions}
vendors = {vendors}

[graph]
fusion = []
casts = "none"

[cost]
launch_us = 1
dispatch_us = 2
start_us = 10

[memory]
context_mb = 0
workspace_mb = 0

[sources]
cost = "made up"
"""


def profile_files(**gpus):
    """Profile texts by path: the GPUs ``round`` and ``fast``, or those given by id."""
    texts = gpus or {"round": a_gpu_text(), "fast": a_gpu_text(name="Fast", bandwidth=2000)}
    low, high = "low", "high"
    values = {key: (getattr(p, low) + getattr(p, high)) / 2 for key, p in PARAMETERS.items()}
    lines = "\n".join(f"{key} = {value}" for key, value in values.items())
    return {
        "architectures/roundness.toml": "\n".join(
            [
                'name = "Roundness"',
                'vendor = "nvidia"',
                "[sm.round]",
                "fp16 = 1000",
                "[calibration]",
                'fitted_on = "nothing"',
                lines,
                "",
            ]
        ),
        "runtimes/tensorrt.toml": a_runtime_text(),
        "runtimes/elsewhere.toml": a_runtime_text(name="Elsewhere", vendors='["amd"]'),
        **{f"gpus/{name}.toml": text for name, text in texts.items()},
    }


def a_catalog(**gpus):
    return load_catalog(profile_files(**gpus), looked_in=("here",))


def a_request(**changes):
    return Request(**({"models": ("chain",), "gpus": ("round", "fast")} | changes))
