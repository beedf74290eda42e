"""Rows of a board help its other rows, and never hurt them: on the public operator rows."""

import random
from dataclasses import replace

import numpy as np
import pytest

from phantomgpu.cost.columns import boards_of
from phantomgpu.hardware import load_catalog
from phantomgpu.validation.bench import benches
from phantomgpu.validation.calibrate import calibrate, read_spreads
from phantomgpu.validation.operators import COLUMNS, measured
from phantomgpu.validation.rows import read_rows

pytestmark = pytest.mark.accuracy

BOARDS = ("a100-sxm-80gb", "h100-sxm-80gb", "l40s", "t4", "v100-pcie-32gb")
DRAWS = 3
OTHERS = 150


@pytest.fixture(scope="module")
def spreads(repository):
    return read_spreads((repository / "profiles" / "reference" / "spread.csv").read_text())


@pytest.fixture(scope="module")
def rows(shared_data):
    text = (shared_data / "measurements" / "ops.csv").read_text(encoding="utf-8")
    return [
        each
        for row in read_rows(text, origin="ops.csv", columns=COLUMNS)
        if (each := measured(row)).kernels
    ]


def a_catalog(repository, *, without_boards=False):
    """The profiles; without the calibration of any board or architecture, if asked."""
    files = {}
    for folder in ("gpus", "architectures", "runtimes"):
        for path in (repository / "profiles" / folder).glob("*.toml"):
            text = path.read_text(encoding="utf-8")
            if without_boards and folder != "runtimes" and path.stem != "default":
                before, found, after = text.partition("\n[calibration]\n")
                text = before + ("\n[" + after.partition("\n[")[2] if "\n[" in after else "")
                text = text if found else before
            files[str(path)] = text
    return load_catalog(files)


def changes(catalog, rows, spreads, board, given):
    """Error on other rows of the board with some rows given, less that without, in points."""
    mine = [each for each in rows if each.row.text("gpu") == board]
    gpu = catalog.gpu(board)
    found = []
    for draw in range(DRAWS):
        order = random.Random(draw).sample(range(len(mine)), given + OTHERS)
        known = benches([mine[at] for at in order[:given]], [], catalog.runtime)
        others = benches([mine[at] for at in order[given:]], [], catalog.runtime)
        values = {**gpu.calibration.values, **calibrate(known, gpu, spreads).values}
        fitted = replace(gpu, calibration=replace(gpu.calibration, values=values))
        found.append(100 * (error(others, fitted) - error(others, gpu)))
    return found


def error(known, gpu):
    boards = boards_of([gpu])
    return np.mean(np.abs(np.expm1(np.concatenate([each.log_error(boards) for each in known]))))


@pytest.mark.parametrize("given", [1, 5, 20])
def test_rows_of_a_board_that_was_fitted_do_not_hurt_it(repository, rows, spreads, given):
    catalog = a_catalog(repository)

    worst = max(max(changes(catalog, rows, spreads, board, given)) for board in BOARDS)

    assert worst < 1.0


def test_rows_of_boards_without_calibration_help_more_the_more_there_are(repository, rows, spreads):
    catalog = a_catalog(repository, without_boards=True)

    few, many = (
        np.mean([changes(catalog, rows, spreads, board, given) for board in BOARDS])
        for given in (1, 20)
    )

    assert many < few < 0.1
    assert many < -0.3
