"""Profiles that are valid as they come; a test says what it changes."""

from phantomgpu.hardware.calibration import PARAMETERS

FIRST, SECOND, THIRD = list(PARAMETERS)[:3]
"""Three fitted parameters, whichever they are."""


def fitted(data, **shares):
    """A ``[calibration]`` table: each parameter at a share of its range."""
    lines = [f"{name} = {value(name, share)}" for name, share in shares.items()]
    return "\n".join(["", "[calibration]", f'fitted_on = "{data}"', *lines, ""])


def value(name, share):
    """The value of a parameter at a share of its range."""
    low, high = PARAMETERS[name].low, PARAMETERS[name].high
    return low + share * (high - low)


ARCHITECTURE = """\
name = "Roundness"
vendor = "nvidia"

[sm.round]
fp32 = 100
fp16 = 1000
"""

GPU = """\
name = "Round One"
status = "D"

[spec]
vendor = "nvidia"
architecture = "roundness"
sm = "round"
sm_count = 100
boost_clock_mhz = 1000
memory_gb = 16
bandwidth_gb_per_s = 1000
l2_mb = 10
shared_kb_per_sm = 100
tdp_w = 300

[spec.peak_tflops]
fp32 = 10
fp16 = 100

[sources]
spec = "the data sheet"
"spec.l2_mb" = "a microbenchmark"
"""

RUNTIME = """\
name = "Plain"
precisions = ["fp32", "fp16"]
vendors = ["nvidia"]

[graph]
fusion = ["bias"]
casts = "none"

[cost]
launch_us = 1.5
dispatch_us = 20
start_us = 30

[memory]
context_mb = 500
workspace_mb = 64

[sources]
cost = "measured"
"""


def a_profile(**lines):
    """The text of a GPU profile with the value of some keys replaced; ``None`` drops the line."""
    out = GPU
    for key, value in lines.items():
        old = next(line for line in GPU.splitlines() if line.startswith(f"{key} ="))
        out = out.replace(old + "\n", "" if value is None else f"{key} = {value}\n")
    return out


def files(gpu=GPU, **more):
    """A catalogue's texts by path: one GPU, its architecture, one runtime, and more GPUs by id."""
    return {
        "gpus/round-1.toml": gpu,
        "architectures/roundness.toml": ARCHITECTURE,
        "runtimes/plain.toml": RUNTIME,
        **{f"gpus/{name.replace('_', '-')}.toml": text for name, text in more.items()},
    }
