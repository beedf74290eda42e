import pytest

from phantomgpu.errors import ShapeError
from tests.unit.ops.builders import asked


def einsum(equation, *shapes, out, **details):
    return asked("Einsum", list(shapes), [out], equation=equation, **details)


def as_product(done):
    p = done.parallel
    return p.batch, p.m, p.n, p.k


@pytest.mark.parametrize(
    ("equation", "a", "b", "out", "product"),
    [
        ("ij,jk->ik", (3, 4), (4, 5), (3, 5), (1, 3, 5, 4)),
        ("bhid,bhjd->bhij", (2, 8, 10, 64), (2, 8, 20, 64), (2, 8, 10, 20), (16, 10, 20, 64)),
        ("byhwc,hkc->byhwk", (2, 3, 5, 7, 16), (5, 9, 16), (2, 3, 5, 7, 9), (5, 42, 9, 16)),
        ("...ij,...jk->...ik", (2, 3, 4, 5), (2, 3, 5, 6), (2, 3, 4, 6), (6, 4, 6, 5)),
        ("...ij,jk->...ik", (2, 3, 4, 5), (5, 6), (2, 3, 4, 6), (1, 24, 6, 5)),
        ("ij,jk", (3, 4), (4, 5), (3, 5), (1, 3, 5, 4)),
        (" i j , j k -> i k ", (3, 4), (4, 5), (3, 5), (1, 3, 5, 4)),
        ("i,i->", (7,), (7,), (), (1, 1, 1, 7)),
    ],
)
def test_an_equation_is_read_as_a_batched_product(equation, a, b, out, product):
    done = einsum(equation, a, b, out=out)

    assert done.family == "matmul"
    assert as_product(done) == product
    batch, m, n, k = product
    assert done.macs == batch * m * n * k


def test_a_broadcast_ellipsis_takes_the_larger_size():
    done = einsum("...ij,...jk->...ik", (1, 4, 5), (3, 5, 6), out=(3, 4, 6))

    assert as_product(done) == (3, 4, 6, 5)


def test_nothing_summed_is_a_pointwise_product():
    done = einsum("i,j->ij", (3,), (5,), out=(3, 5))

    assert (done.family, done.macs, done.vector_flops) == ("pointwise", 0, 15)


def test_a_label_of_one_operand_alone_is_summed_before():
    done = einsum("ijx,jk->ik", (3, 4, 9), (4, 5), out=(3, 5))

    assert done.macs == 3 * 5 * 4
    assert done.vector_flops == 3 * 4 * 9


def test_three_operands_are_taken_in_from_the_left():
    done = einsum("ij,jk,kl->il", (2, 3), (3, 4), (4, 5), out=(2, 5))

    assert done.macs == 2 * 3 * 4 + 2 * 4 * 5


def test_one_operand_is_moved_or_reduced():
    assert einsum("ij->ji", (3, 4), out=(4, 3)).family == "move"
    reduced = einsum("ij->i", (3, 4), out=(3,))
    assert (reduced.family, reduced.parallel.m, reduced.parallel.n) == ("reduce", 3, 4)


def test_a_diagonal_reads_only_the_diagonal():
    assert einsum("ii->i", (4, 4), out=(4,)).read == (4,)


@pytest.mark.parametrize("equation", ["ij,jk->ik", "i->i", "ijk->k", ""])
def test_terms_that_do_not_fit_the_operands_are_an_error(equation):
    with pytest.raises(ShapeError):
        einsum(equation, (3, 4), out=(3,))
