"""A vector of logarithms to predictions: where every fitted value is used."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting import plan
from benchmarks.fitting.solve import fit, slopes_of
from benchmarks.fitting.table import Array, Table, paired_boards
from phantomgpu.cost.host import LENT, Host, variants_of
from phantomgpu.cost.kinds import FAMILY, KINDS
from phantomgpu.cost.predict import run_times
from phantomgpu.hardware.calibration import PARAMETERS
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.validation.timing import HOST_FACTORS

Name = tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """A GPU and the group that shares its calibration."""

    profile: GpuProfile
    group: str


def process_of(group: str) -> tuple[float, float]:
    """Switching energy of a group's process, and its nominal clock."""
    return plan.PROCESS.get(group, plan.PROCESS.get(group.partition("/")[0], (0.6, 2e9)))


def generation_of(group: str) -> str:
    """Whose attention kernels a group runs, or empty."""
    return plan.GENERATION.get(group.partition("/")[0], "")


def log_stated(name: str, group: str) -> float:
    """What a group's construction changes in the logarithm of a value."""
    architecture = group.partition("/")[0]
    if name == "joule_per_byte":
        return math.log(plan.MEMORY.get(group, plan.MEMORY.get(architecture, 1.0)))
    return 0.0


def limits_of(name: str) -> tuple[float, float]:
    """Least and most of a value in a fit."""
    limits = PARAMETERS[name]
    return limits.low, min(limits.high, plan.MOST.get(name, limits.high))


def copies_of(group: str) -> float:
    """Parts of a group's last-level cache that each hold what all SMs read."""
    return plan.PARTITIONS.get(group, plan.PARTITIONS.get(group.partition("/")[0], 1.0))


def batched_tile_of(group: str) -> tuple[float, float]:
    """Tile of a group's kernel for fp32 batches; zeros where its library looks for one."""
    return plan.BATCHED_TILES.get(group.partition("/")[0], (0.0, 0.0))


def _log(stated: tuple[float, float]) -> tuple[float, float]:
    """A value and its sigma with the value as a logarithm."""
    return math.log(stated[0]), stated[1]


class Model:
    """The values to fit for a table, and what they predict.

    Args:
        table: Rows.
        boards: Those the table's ``gpu`` points into.
        profiles: Of the runtimes that it points into, by id, in their order.
    """

    def __init__(
        self, table: Table, boards: Sequence[Board], profiles: Mapping[str, Runtime]
    ) -> None:
        self.table, self.boards, self.profiles = table, boards, profiles
        self.runtimes = tuple(profiles)
        self.names: list[Name] = []
        self._prior: list[float] = []
        self._sigma: list[float] = []
        self.touches: list[NDArray[np.bool_] | None] = []
        self._lay_out()
        self.heavy = np.array([name[0] == "machine" for name in self.names])
        self.prior, self.sigma = np.array(self._prior), np.array(self._sigma)

    def _add(self, name: Name, prior: float, sigma: float, rows: Any = None) -> None:
        if sigma > 0.0 and (rows is None or np.any(rows)):
            self.names.append(name)
            self._prior.append(prior)
            self._sigma.append(sigma)
            self.touches.append(rows)

    def _lay_out(self) -> None:
        t = self.table
        for name, (value, sigma) in plan.START.items():
            self._add(("all", name), np.log(value), sigma)
        groups = np.array([b.group for b in self.boards])[t.run_gpu]
        for group in sorted(set(groups)):
            for name, sigma in plan.GROUP.items():
                self._add(("group", name, group), 0.0, sigma, groups == group)
        kin = np.array([plan.KIN.get(group, "") for group in groups])
        for name, sigma in plan.KIN_SIGMA.items():
            for one in sorted(set(plan.KIN.values())):
                self._add(("kin", name, one), 0.0, sigma, kin == one)
        kind = np.array([generation_of(group) for group in groups])
        for name, sigma in plan.GENERATION_SIGMA.items():
            for one in sorted(set(plan.GENERATION.values())):
                self._add(("kind", name, one), 0.0, sigma, kind == one)
        for at in sorted(set(t.run_gpu)):
            board = self.boards[at].profile.id
            for name, sigma in plan.BOARD.items():
                self._add(("board", name, board), 0.0, sigma, t.run_gpu == at)
            alone = (t.run_gpu == at) & t.is_alone
            is_conv = t.kinds[t.starts] == FAMILY["conv"]
            self._add(("machine", board), 0.0, plan.MACHINE_SIGMA, alone & ~is_conv)
            self._add(("machine", board, "conv"), 0.0, plan.MACHINE_CONV_SIGMA, alone & is_conv)
        for at, runtime in enumerate(self.runtimes):
            rows = (self._age(t) > 0.0) & (t.run_runtime == at)
            self._add(("older", runtime), *plan.OLDER, rows)
        run_of = np.repeat(np.arange(len(t)), t.sizes)
        library = self._library(t)
        architecture = np.array([b.profile.spec.architecture for b in self.boards])[t.run_gpu]
        for at, runtime in enumerate(self.runtimes):
            mine = t.run_runtime == at
            models = mine & t.is_model
            for name, usual in plan.RUNTIME.items():
                value, sigma = plan.RUNTIME_START.get(runtime, {}).get(name, usual)
                self._add(("runtime", name, runtime), np.log(value), sigma, models)
            slow = models & np.isin(architecture, self.profiles[runtime].slow_launch_on)
            self._add(("runtime", "slow_launch_us", runtime), *_log(plan.SLOW_LAUNCH_US), slow)
            for kind in KINDS:
                rows = np.zeros(len(t), dtype=bool)
                rows[run_of[(t.kinds == FAMILY[kind]) & (library == at)]] = True
                name = f"slowdown_{kind}"
                sigma = plan.SAME_LIBRARY.get(f"{runtime} {name}", plan.SLOWDOWN_SIGMA)
                self._add(("runtime", name, runtime), 0.0, sigma, rows)
                sigma = plan.START_SIGMA.get(kind, 0.0)
                self._add(("runtime", f"start_{kind}", runtime), 0.0, sigma, rows)
                first = mine & t.is_alone & (t.kinds[t.starts] == FAMILY[kind])
                value, sigma = plan.ALONE_S
                self._add(("runtime", f"alone_{kind}_s", runtime), np.log(value), sigma, first)
            for name, (value, sigma) in plan.ALONE.items():
                rows = mine & t.is_alone
                if name in HOST_FACTORS:
                    rows = rows & t.host_factors[:, HOST_FACTORS.index(name)]
                self._add(("runtime", name, runtime), np.log(value), sigma, rows)

    def _age(self, table: Table) -> Array:
        """Version numbers that a row's runtime is older than its profile. [run]."""
        age = np.zeros(len(table))
        for runtime, version in plan.VERSIONED.items():
            if runtime in self.runtimes:
                for at in np.flatnonzero(table.run_runtime == self.runtimes.index(runtime)):
                    own = ".".join(table.label[at, 5].split(".")[:2])
                    age[at] = max(version - float(own or version), 0.0)
        return age

    def board_values(self, x: Array) -> dict[str, Array]:
        """Fitted values by parameter name. Each [board]."""
        named = dict(zip(self.names, x, strict=True))
        groups = [b.group for b in self.boards]
        ids = [b.profile.id for b in self.boards]
        out = {name: np.zeros(len(ids)) for name in PARAMETERS}
        for name, (start, _) in plan.START.items():
            log = np.full(len(ids), named.get(("all", name), np.log(start)))
            for at, (group, board) in enumerate(zip(groups, ids, strict=True)):
                log[at] += self.group_offset(named, name, group)
                log[at] += named.get(("kin", name, plan.KIN.get(group, "")), 0.0)
                log[at] += named.get(("kind", name, generation_of(group)), 0.0)
                log[at] += named.get(("board", name, board), 0.0)
                log[at] += log_stated(name, group)
                if name.startswith("joule_per_flop"):
                    energy = named.get(("group", "energy", group), 0.0)
                    log[at] += np.log(process_of(group)[0]) + energy
            out[name] = np.clip(np.exp(log), *limits_of(name))
        kin = [plan.KIN.get(group, "") for group in groups]
        out["clock_headroom"] = np.array([plan.HEADROOM.get(one, plan.HEADROOM[""]) for one in kin])
        out["cache_copies"] = np.array([copies_of(group) for group in groups])
        tiles = np.array([batched_tile_of(group) for group in groups])
        out["batched_tile_m_fp32"], out["batched_tile_n_fp32"] = tiles.T
        out["nominal_clock_hz"] = np.array([process_of(group)[1] for group in groups])
        return out

    @staticmethod
    def group_offset(named: dict[Name, float], name: str, group: str) -> float:
        """What a group changes, or the relative whose kernels it runs."""
        own = named.get(("group", name, group))
        relative = plan.RELATIVES.get(group, plan.RELATIVES.get(group.partition("/")[0], ""))
        if name in plan.INHERITED and relative and (own is None or abs(own) < 1e-3):
            return float(named.get(("group", name, relative), 0.0))
        return float(own or 0.0)

    def runtime_value(self, named: dict[Name, float], name: str, default: float) -> Array:
        """One of the runtimes' values. [runtime]."""
        logs = [named.get(("runtime", name, r), np.log(default)) for r in self.runtimes]
        return np.asarray(np.exp(logs))

    def __call__(self, x: Array, table: Table | None = None) -> Array:
        """Logarithm of the predicted seconds. [run]."""
        t = table or self.table
        named = dict(zip(self.names, x, strict=True))
        slowdown = np.stack(
            [self.runtime_value(named, f"slowdown_{kind}", 1.0) for kind in KINDS], axis=1
        )
        starts = np.stack(
            [self.runtime_value(named, f"start_{kind}", 1.0) for kind in KINDS], axis=1
        )
        own = {n: self.runtime_value(named, n, v) for n, (v, _) in plan.RUNTIME.items()}
        is_model = np.repeat(t.is_model, t.sizes)
        library = self._library(t)
        run = t.run_runtime
        slope = np.array([named.get(("older", r), plan.OLDER[0]) for r in self.runtimes])
        older = np.exp(slope[t.run_runtime] * self._age(t))
        alone_s, behind_s = self._alone(named, t)
        host = Host(
            launch_s=np.where(is_model, own["launch_us"][t.runtime] * 1e-6, 0.0),
            dispatch_s=np.where(is_model, own["dispatch_us"][t.runtime] * 1e-6, 0.0),
            slowdown=slowdown[library, t.kinds],
            start_share=np.where(is_model, own["start_share"][t.runtime], 1.0)
            * starts[library, t.kinds],
            start_s=np.select(
                [t.is_model, t.is_alone],
                [own["start_us"][run] * 1e-6, alone_s - behind_s],
                0.0,
            ),
            behind_s=np.where(t.is_alone, behind_s, 0.0),
            variants=variants_of(list(self.profiles.values()), t.runtime),
            slow_launch_s=self._slow_launch(named, t),
            run_slowdown=np.where(t.is_model, own["run_slowdown"][run], 1.0) * older,
        )
        boards = paired_boards([b.profile for b in self.boards], self.board_values(x), t.gpu)
        times = run_times(t.kernels, t.kinds, t.starts, boards, host)
        return np.log(times.latency_s / t.copies)

    def _alone(self, named: dict[Name, float], t: Table) -> tuple[Array, Array]:
        """Host time of operators in a stopwatch, and the part after the launch. Each [run]."""
        first, run = t.kinds[t.starts], t.run_runtime
        of_kind = np.stack(
            [self.runtime_value(named, f"alone_{kind}_s", plan.ALONE_S[0]) for kind in KINDS],
            axis=1,
        )[run, first]
        ids = [board.profile.id for board in self.boards]
        machine = np.exp([named.get(("machine", name), 0.0) for name in ids])
        with_conv = np.exp([named.get(("machine", name, "conv"), 0.0) for name in ids])
        is_conv = first == FAMILY["conv"]
        alone_s = of_kind * np.where(is_conv, with_conv[t.run_gpu], machine[t.run_gpu])
        for at, name in enumerate(HOST_FACTORS):
            factor = self.runtime_value(named, name, plan.ALONE[name][0])[run]
            alone_s = alone_s * np.where(t.host_factors[:, at], factor, 1.0)
        behind = self.runtime_value(named, "alone_behind", plan.ALONE["alone_behind"][0])[run]
        return alone_s, alone_s * behind

    def _slow_launch(self, named: dict[Name, float], t: Table) -> dict[str, Array]:
        """What the gap before each kernel is longer by, by architecture. Each [kernel]."""
        own = self.runtime_value(named, "slow_launch_us", plan.SLOW_LAUNCH_US[0]) * 1e-6
        listed_on = [profile.slow_launch_on for profile in self.profiles.values()]
        names = sorted({name for names in listed_on for name in names})
        is_model = np.repeat(t.is_model, t.sizes)
        return {
            name: np.where(is_model, (own * [name in on for on in listed_on])[t.runtime], 0.0)
            for name in names
        }

    def _library(self, t: Table) -> NDArray[np.int64]:
        """Index of the runtime whose kernels run: another's attention on some boards. [kernel]."""
        of = t.runtime.copy()
        architecture = np.array([board.profile.spec.architecture for board in self.boards])[t.gpu]
        may_be_lent = np.isin(t.kinds, LENT)
        for at, profile in enumerate(self.profiles.values()):
            for name, lender in profile.attention_on.items():
                if lender.id in self.runtimes:
                    borrowed = (t.runtime == at) & may_be_lent & (architecture == name)
                    of[borrowed] = self.runtimes.index(lender.id)
        return of

    def slopes(self, x: Array) -> Array:
        """Slopes of the predicted logarithms against the values. [run, value]."""
        return slopes_of(self, x, self(x), self.sigma, self.touches)

    def fit(
        self,
        noise: Array,
        *,
        start: Array | None = None,
        rounds: int = 12,
        slopes: Array | None = None,
        keep: int = 1,
    ) -> Array:
        """The vector that explains the table best."""
        return fit(
            self,
            np.log(self.table.measured_s),
            prior=self.prior,
            sigma=self.sigma,
            start=self.prior if start is None else start,
            touches=self.touches,
            noise=noise,
            rounds=rounds,
            slopes=slopes,
            keep=keep,
            heavy=self.heavy,
        )
