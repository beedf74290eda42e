"""How many parts a library cuts the keys into."""

import numpy as np
import pytest

from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.host import host_of
from phantomgpu.cost.parting import parting_of, parts_of
from phantomgpu.hardware.gpu import GpuProfile
from tests.unit.cost.builders import a_gpu, a_kernel, a_runtime, kernels_of

HERE = ("Roundness",)


def parts(*, blocks, keys, gpu: GpuProfile | None = None, swaps=False, in_groups=True, **library):
    kernels = kernels_of(a_kernel(family="attention", m=1.0, n=keys, k=128.0, batch=blocks))
    boards = boards_of([gpu or a_gpu()])
    parting = parting_of(
        kernels,
        boards,
        host_of(a_runtime(**library), np.zeros(1, dtype=np.int64), 1).variants,
        in_groups=np.array([[in_groups]]),
        swaps=np.array([[swaps]]),
    )
    fewest, most = parts_of(
        parting, blocks=np.array([[blocks]]), keys=kernels.n, sm_count=boards.sm_count
    )
    return float(fewest[0, 0]), float(most[0, 0])


@pytest.mark.parametrize(
    ("blocks", "keys", "expected"),
    [
        (1.0, 127.0, 1.0),  # nothing to cut
        (1.0, 1024.0, 8.0),  # parts of 128 keys
        (1.0, 32768.0, 45.0),  # the root of 8 x 256
        (256.0, 2048.0, 3.0),  # of eight blocks to each of 100 SMs, 11 possible
    ],
)
def test_xqa_cuts_parts_of_128_keys_few_of_them_up_to_eight_blocks_an_sm(blocks, keys, expected):
    assert parts(blocks=blocks, keys=keys, decodes_alone_on=HERE) == (expected, expected)


def test_flash_attention_2_fills_two_blocks_an_sm():
    assert parts(blocks=10.0, keys=65536.0, swaps=True)[1] == 20.0


def test_flash_attention_3_leaves_four_steps_whole_and_fills_one_block_an_sm():
    whole, cut = (parts(blocks=25.0, keys=keys, fills_rows_on=HERE)[1] for keys in (512.0, 8192.0))

    assert (whole, cut) == (1.0, 4.0)


def test_other_decoding_kernels_have_parts_of_two_long_steps():
    assert parts(blocks=1.0, keys=2048.0) == (4.0, 4.0)


def test_prompts_try_whole_and_split():
    assert parts(blocks=25.0, keys=65536.0, in_groups=False) == (1.0, 4.0)
