"""Fitted values into the profiles: their calibration sections are replaced, the rest is kept."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.fitting import plan
from benchmarks.fitting.familiar import runs_by_kind
from benchmarks.fitting.intervals import Widths
from benchmarks.fitting.model import (
    Model,
    Name,
    batched_tile_of,
    copies_of,
    generation_of,
    limits_of,
    log_stated,
    process_of,
)
from phantomgpu.hardware.calibration import PARAMETERS

DIGITS = 4
_SECTION = re.compile(r"\n*^\[(?:sm_)?calibration[^\]]*\]\n(?:(?!^\[).*\n?)*", re.MULTILINE)


def number(value: float) -> str:
    """A value as TOML writes it."""
    text = f"{float(value):.{DIGITS}g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def section(
    name: str, values: Mapping[str, float], fitted_on: str, measured_on: Sequence[str] = ()
) -> str:
    """One table; without data it says nothing of any."""
    head = [f"[{name}]"] + ([f'fitted_on = "{fitted_on}"'] if fitted_on else [])
    if measured_on:
        head.append("measured_on = [{}]".format(", ".join(f'"{one}"' for one in measured_on)))
    return "\n".join([*head, *(f"{key} = {number(value)}" for key, value in values.items())])


def replace_sections(path: Path, sections: list[str]) -> None:
    """Write a profile with these calibration tables and no others."""
    text = _SECTION.sub("\n\n", path.read_text(encoding="utf-8")).rstrip("\n")
    path.write_text("\n\n".join([text, *sections]) + "\n", encoding="utf-8")


class Writer:
    """Puts the values of a fit where they belong.

    Args:
        model: What was fitted.
        values: By name.
        profiles: The folder ``profiles/``.
        data: Rows that a name's value was fitted on, in words, by group, board or runtime.
    """

    def __init__(
        self, model: Model, values: dict[Name, float], profiles: Path, data: Mapping[str, str]
    ) -> None:
        self.model, self.named, self.profiles, self.data = model, values, profiles, data

    def default(self, widths: Widths, fitted_on: str) -> None:
        """What any GPU is served with."""
        found = {
            name: math.exp(self.named.get(("all", name), math.log(start)))
            for name, (start, _) in plan.START.items()
        }
        energy, clock = process_of("")
        for name in ("joule_per_flop_fp32", "joule_per_flop_fp16"):
            found[name] *= energy
        found["nominal_clock_hz"] = clock
        found["cache_copies"] = copies_of("")
        found["batched_tile_m_fp32"], found["batched_tile_n_fp32"] = batched_tile_of("")
        found["clock_headroom"] = plan.HEADROOM[""]
        found.update(widths.kinds)
        found["interval_scale"], found["spread_run"] = widths.scale["spec"], widths.run["spec"]
        found["spread_unmeasured_runtime"] = widths.run["unmeasured"]
        ordered = {name: _within(name, found[name]) for name in PARAMETERS}
        path = self.profiles / "architectures" / "default.toml"
        replace_sections(path, [section("calibration", ordered, fitted_on)])

    def architectures(self, widths: Widths) -> None:
        """What each architecture, and each kind of SM in it, changes."""
        groups: dict[str, list[str]] = {}
        for board in self.model.boards:
            name = board.group.partition("/")[0]
            if board.group not in groups.setdefault(name, []):
                groups[name].append(board.group)
        for architecture, members in groups.items():
            sections = []
            alone = len(members) == 1
            if not alone:
                base = self._group(architecture)
                sections.append(section("calibration", base, ""))
            for group in sorted(members):
                values = self._group(group)
                sibling = plan.SIBLINGS.get(group, "")
                is_alike = sibling.partition("/")[0] == architecture
                like = sibling if is_alike else group
                if like in self.data:
                    values["interval_scale"] = widths.scale["architecture"]
                    values["spread_run"] = self._run_spread(widths, like)
                kind = group.partition("/")[2]
                table = "calibration" if alone else f"sm_calibration.{kind}"
                sections.append(section(table, values, self.data.get(like, "")))
            replace_sections(self.profiles / "architectures" / f"{architecture}.toml", sections)

    def boards(self, widths: Widths) -> None:
        """What each measured board changes."""
        for at, board in enumerate(self.model.boards):
            name = board.profile.id
            path = self.profiles / "gpus" / f"{name}.toml"
            if name not in self.data:
                replace_sections(path, [])
                continue
            changed = {key for key in plan.BOARD if ("board", key, name) in self.named}
            values = {key: float(self.model_values[key][at]) for key in sorted(changed)}
            values["interval_scale"] = widths.scale["calibrated"]
            values["spread_run"] = self._run_spread(widths, board.group)
            replace_sections(path, [section("calibration", values, self.data[name])])

    def _run_spread(self, widths: Widths, group: str) -> float:
        """Least spread of a run; lone kernels do not tell how a whole run comes out."""
        rows = self.model.table
        boards = np.unique(rows.run_gpu[rows.is_model]).tolist()
        with_runs = {self.model.boards[at].group for at in boards}
        return widths.run["calibrated" if group in with_runs else "architecture"]

    @property
    def model_values(self) -> Mapping[str, object]:
        """Values of every board."""
        x = np.array([self.named[name] for name in self.model.names])
        return self.model.board_values(x)

    def runtimes(self, widths: Widths) -> None:
        """What each runtime costs."""
        for at, runtime in enumerate(self.model.runtimes):
            path = self.profiles / "runtimes" / f"{runtime}.toml"
            own = {
                n[1]: math.exp(v)
                for n, v in self.named.items()
                if n[0] == "runtime" and n[2] == runtime
            }
            if ("older", runtime) in self.named:
                own["older_version"] = self.named["older", runtime]
                own["version"] = plan.VERSIONED[runtime]
            own.update(widths.kernels.get(at, {}))
            if at in widths.runtime:
                own["spread_run"] = widths.runtime[at]
                own["spread_run_elsewhere"] = widths.elsewhere[at]
                if at in widths.runtime_fp32:
                    own["spread_run_fp32"] = widths.runtime_fp32[at]
                own.update(runs_by_kind(self.model.table, self.model.boards, at))
            if not own or not path.exists():
                continue
            text = path.read_text(encoding="utf-8")
            for key in ("launch_us", "dispatch_us", "start_us"):
                if key in own:
                    value = number(own.pop(key))
                    text = re.sub(rf"^({key} *= *)[0-9.e+-]+", rf"\g<1>{value}", text, flags=re.M)
                    source = f"fitted on {self.data[runtime]}"
                    text = re.sub(
                        rf'^("cost\.{key}" *= *)".*"', rf'\g<1>"{source}"', text, flags=re.M
                    )
            path.write_text(text, encoding="utf-8")
            kept = dict(sorted(own.items()))
            data = self.data.get(runtime, "")
            replace_sections(path, [section("calibration", kept, data, self._architectures_of(at))])

    def _architectures_of(self, runtime: int) -> list[str]:
        """Ids of the architectures that runs of models were timed on."""
        rows = self.model.table
        boards = rows.run_gpu[rows.is_model & (rows.run_runtime == runtime)]
        return sorted({self.model.boards[at].profile.spec.architecture for at in boards.tolist()})

    def _group(self, group: str) -> dict[str, float]:
        """Values of a group that differ from the default's."""
        out: dict[str, float] = {}
        own, group = group, plan.SIBLINGS.get(group, group)
        for name, (start, _) in plan.START.items():
            base = self.named.get(("all", name), math.log(start))
            offset = self.model.group_offset(self.named, name, group)
            offset += self.named.get(("kin", name, plan.KIN.get(group, "")), 0.0)
            offset += self.named.get(("kind", name, generation_of(group)), 0.0)
            offset += log_stated(name, own)
            if name.startswith("joule_per_flop"):
                offset += self.named.get(("group", "energy", group), 0.0)
                offset += math.log(process_of(own)[0])
            if abs(offset) > 5e-4:
                out[name] = _within(name, math.exp(base + offset))
        out["nominal_clock_hz"] = process_of(own)[1]
        out["cache_copies"] = copies_of(own)
        out["batched_tile_m_fp32"], out["batched_tile_n_fp32"] = batched_tile_of(own)
        out["clock_headroom"] = plan.HEADROOM.get(plan.KIN.get(own, ""), plan.HEADROOM[""])
        out.update(plan.STATED.get(own.partition("/")[0], {}))
        return out


def _within(name: str, value: float) -> float:
    least, most = limits_of(name)
    return min(max(value, least), most)
