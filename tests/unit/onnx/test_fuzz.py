"""Damaged files end in one error of the tree, quickly; ``mutations.py`` runs more of them."""

import random
import time
import tracemalloc

import pytest

from tests.unit.onnx.mutations import damaged, originals, outcome, rebuilt

MODEL_ERRORS = {"FormatError", "TruncatedError", "GraphError", "ShapeError", "LimitError"}


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_file_is_shaped_or_refused_and_never_crashes(seed):
    rng, files = random.Random(seed), list(originals())

    for index in range(100):
        data = rebuilt(rng, rng.choice(files)) if index % 2 else damaged(rng, files)
        assert outcome(data) in MODEL_ERRORS | {"shaped"}


def test_a_damaged_file_takes_neither_two_seconds_nor_500_mb():
    rng, files = random.Random("slow"), list(originals())
    tracemalloc.start()
    try:
        for _ in range(60):
            begin = time.process_time()
            outcome(rebuilt(rng, rng.choice(files)))
            assert time.process_time() - begin < 2
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 500e6


@pytest.mark.parametrize("which", range(5))
def test_a_file_cut_anywhere_is_refused_with_the_place(which):
    data = list(originals())[which]

    for length in range(0, len(data) - 1, 7):
        assert outcome(data[:length]) in MODEL_ERRORS | {"shaped"}
        assert length == 0 or outcome(data[:length]) != "shaped" or length > len(data) * 0.5
