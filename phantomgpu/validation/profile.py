"""What rows say of a GPU, as the TOML of a profile that stands on the one it started from."""

import json
import re
from collections.abc import Iterator

from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.validation.calibrate import Calibrated

SIGNIFICANT = 6
"""Digits of a value."""


def calibrated_toml(found: Calibrated, gpu: GpuProfile, *, data: str) -> str:
    """The profile, to be saved as ``gpus/<id>.toml`` of a folder for ``--profiles``.

    Args:
        found: What the rows say.
        gpu: The profile that they were calibrated from.
        data: What people call the rows.
    """
    return "\n".join(_lines(found, gpu, data)) + "\n"


def _lines(found: Calibrated, gpu: GpuProfile, data: str) -> Iterator[str]:
    rows = f"{found.rows} row{'s' if found.rows != 1 else ''} of {data}"
    yield "# Made by phantomgpu calibrate. Save it as gpus/" + f"{gpu.id}.toml in a folder of your"
    yield "# own and give that folder to --profiles."
    yield f"# Mean error on these rows: {found.before:.1%} before, {found.after:.1%} after."
    yield ""
    yield f"extends = {_text(gpu.id)}"
    yield ""
    yield "[calibration]"
    yield f"fitted_on = {_text(rows)}"
    for name, value in found.values.items():
        yield f"{name} = {_number(value)}"
    taken: set[str] = set()
    for each in found.factors:
        subject = each.subject
        name = plain = re.sub(r"[^a-z0-9]+", "-", f"{subject.name} {subject.kind}".lower())
        while name in taken:
            name = f"{plain}-{subject.graph[:8]}"
            plain += "-"
        taken.add(name)
        yield ""
        yield f"[measured.{name}]"
        yield f"model = {_text(subject.name)}"
        yield f"graph = {_text(subject.graph)}"
        yield f"runtime = {_text(subject.kind)}"
        yield f"factor = {_number(each.factor)}"
        yield f"rows = {each.rows}"


def _text(text: str) -> str:
    """A basic string: those of TOML and of JSON are written alike."""
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """A float: with a point or an exponent, as TOML tells it from an integer."""
    text = f"{value:.{SIGNIFICANT}g}"
    return text if any(mark in text for mark in ".e") else f"{text}.0"
