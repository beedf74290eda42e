"""The largest batch that fits is exact: it fits, and the next one does not."""

from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.comparison import largest_batch
from phantomgpu.comparison.check import LARGEST_BATCH


@given(
    fixed=st.integers(0, 10**12),
    each=st.integers(1, 10**10),
    step=st.integers(1, 64),
    limit=st.integers(0, 10**13),
)
def test_it_fits_at_the_batch_found_and_not_at_the_next(fixed, each, step, limit):
    def needed(batch):
        return fixed + each * (batch // step)

    found = largest_batch(needed, limit)

    assert found == 0 or needed(found) <= limit
    assert found == LARGEST_BATCH or needed(found + 1) > limit


def test_nothing_fits_where_batch_one_does_not():
    assert largest_batch(lambda batch: 10 * batch, 9) == 0


def test_the_search_ends_at_the_largest_batch_of_interest():
    assert largest_batch(lambda batch: batch, 10**9, at_most=37) == 37


def test_few_batches_are_looked_at():
    asked = []
    largest_batch(lambda batch: asked.append(batch) or batch, 500_000)

    assert len(asked) < 45
