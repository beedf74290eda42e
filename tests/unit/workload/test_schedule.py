import numpy as np
import pytest

from phantomgpu.errors import BatchError, ProfileError
from phantomgpu.workload.workload import FAMILIES
from tests.unit.workload.builders import a_net, a_node, lowered, totals, weights

TWO = [a_node("MatMul", "x w", "a"), a_node("Relu", "a", "b"), a_node("MatMul", "b u", "c"),
       a_node("Relu", "c", "d"), a_node("MatMul", "d v", "y")]  # fmt: skip
STORED = weights(w=(8, 8), u=(8, 8), v=(8, 4))


def test_a_product_by_hand():
    workload = lowered(a_net(TWO[:2], out="b", stored=STORED)).at(5, "fp32")

    kernels = workload.kernels
    assert [FAMILIES[family] for family in kernels.family] == ["matmul", "pointwise"]
    assert kernels.matrix_flops.tolist() == [2 * 5 * 8 * 8, 0]
    assert kernels.read_bytes.tolist() == [(40 + 64) * 4, 40 * 4]
    assert kernels.weight_bytes.tolist() == [64 * 4, 0]
    assert kernels.write_bytes.tolist() == [40 * 4, 40 * 4]
    assert (kernels.m[0], kernels.n[0], kernels.k[0]) == (5, 8, 8)


def test_equal_kernels_are_one_row_with_all_their_names():
    workload = lowered(a_net(TWO, stored=STORED)).at(3, "fp32")

    assert workload.kernels.count.tolist() == [2, 2, 1]
    assert [name.op for name in workload.names] == ["MatMul", "Relu", "MatMul"]
    assert workload.names[0].nodes == (("MatMul_0",), ("MatMul_2",))
    assert workload.names[0].shape == "[3, 8] x [8, 8]"


def test_products_of_other_shapes_are_rows_of_their_own():
    nodes = [a_node("MatMul", "x w", "a"), a_node("MatMul", "a u", "y")]

    workload = lowered(a_net(nodes, stored=weights(w=(8, 8), u=(8, 16)))).at(3, "fp32")

    assert workload.kernels.count.tolist() == [1, 1]


def test_every_column_has_a_value_for_every_kernel():
    workload = lowered(a_net(TWO, stored=STORED)).at(3, "fp32")

    columns = [getattr(workload.kernels, name) for name in workload.kernels.__slots__]
    assert {column.shape for column in columns} == {(3,)}
    assert all(np.isfinite(column).all() for column in columns)


def test_shapes_and_constants_are_no_kernels():
    nodes = [a_node("Shape", "x", "s"), a_node("Gather", "s zero", "n", axis=0),
             a_node("Mul", "n n", "nn"), a_node("Add", "w w", "w2"), a_node("MatMul", "x w2", "a"),
             a_node("Identity", "a", "b"), a_node("Dropout", "b", "y")]  # fmt: skip
    stored = {"zero": np.array([0]), **STORED}

    workload = lowered(a_net(nodes, stored=stored)).at(2, "fp32")

    assert [name.op for name in workload.names] == ["MatMul"]


def test_what_nobody_needs_is_not_run():
    nodes = [*TWO[:2], a_node("Exp", "a", "unused"), *TWO[2:]]

    workload = lowered(a_net(nodes, stored=STORED)).at(2, "fp32")

    assert "Exp" not in [name.op for name in workload.names]


@pytest.mark.parametrize("batch", [1, 2, 4, 100])
def test_a_look_up_reads_no_more_rows_than_its_table_has(batch):
    nodes = [a_node("Gather", "table ids", "y")]
    fed = {"ids": ("int64", ("N", 5))}
    schedule = lowered(a_net(nodes, inputs=fed, stored=weights(table=(40, 8))))

    read = schedule.at(batch, "fp32").kernels.read_bytes

    assert read.tolist() == [batch * 5 * 8 + min(batch * 5, 40) * 8 * 4]


def test_sizes_that_are_not_affine_are_worked_out_at_each_batch():
    nodes = [a_node("Transpose", "x", "t", perm=[1, 0]), a_node("MatMul", "x t", "y")]
    schedule = lowered(a_net(nodes))

    flops = [schedule.at(batch, "fp32").kernels.matrix_flops.sum() for batch in (1, 2, 3, 5, 9)]

    assert flops == [2 * 8 * batch**2 for batch in (1, 2, 3, 5, 9)]


def test_a_fixed_batch_is_named_when_another_is_asked_for():
    schedule = lowered(a_net(TWO, x=(4, 8), stored=STORED))

    with pytest.raises(BatchError) as caught:
        schedule.at(2, "fp32")

    assert "made for batch 4" in caught.value.what
    assert "x [4, 8]" in caught.value.where
    assert "--dim x:0=2" in caught.value.fix
    assert schedule.batch_dim is None
    assert totals(schedule.at(4, "fp32")) == totals(schedule.at(1, "fp32"))


def test_a_fixed_batch_can_be_set_as_a_dimension():
    schedule = lowered(a_net(TWO, x=(4, 8), stored=STORED), dims={"x:0": 2})

    assert schedule.at(2, "fp32").kernels.m.tolist() == [2, 16, 2]


@pytest.mark.parametrize("batch", [0, -1, 1 << 31])
def test_a_batch_that_cannot_be_is_refused(batch):
    with pytest.raises(BatchError, match=f"batch is {batch}"):
        lowered(a_net(TWO, stored=STORED)).at(batch, "fp32")


def test_an_unknown_rule_names_the_nearest():
    with pytest.raises(ProfileError) as caught:
        lowered(a_net(TWO, stored=STORED), ["layer-norms"])

    assert "layer-norm" in caught.value.fix


def test_an_unknown_cast_policy_is_refused():
    with pytest.raises(ProfileError, match="casts is 'sometimes'"):
        lowered(a_net(TWO, stored=STORED), casts="sometimes")


def test_an_unknown_operator_is_an_approximation_with_a_reason():
    nodes = [a_node("Frobnicate", "x", "a", domain="my.own"), a_node("Relu", "a", "y")]
    graph = a_net(nodes, out="y", stored=None)

    names = lowered(graph).at(2, "fp32").names

    assert any("Frobnicate" in name.op and name.approximation for name in names)
