"""The front holds the points that no other beats in both respects."""

from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.comparison import Cell, pareto_front


def a_cell(latency_s, throughput_per_s):
    return Cell(
        model="m", gpu="g", runtime="r", precision="fp16", batch=1, latency_s=latency_s,
        low_s=latency_s, high_s=latency_s, throughput_per_s=throughput_per_s, memory_bytes=1,
        memory_limit_bytes=2, bound="memory", basis="spec", mfu=0.5,
    )  # fmt: skip


def front(cells):
    return pareto_front(cells, cost=lambda c: c.latency_s, gain=lambda c: c.throughput_per_s)


figures = st.integers(1, 9).map(float)


@given(st.lists(st.builds(a_cell, figures, figures), max_size=12))
def test_a_cell_is_on_the_front_exactly_when_none_beats_it(cells):
    def beats(a, b):
        no_worse = a.latency_s <= b.latency_s and a.throughput_per_s >= b.throughput_per_s
        return no_worse and (a.latency_s, a.throughput_per_s) != (b.latency_s, b.throughput_per_s)

    expected = [cell for cell in cells if not any(beats(other, cell) for other in cells)]

    assert sorted(map(repr, front(cells))) == sorted(map(repr, expected))


def test_the_front_rises_in_cost():
    cells = front([a_cell(3.0, 9.0), a_cell(1.0, 2.0), a_cell(2.0, 5.0)])

    assert [cell.latency_s for cell in cells] == [1.0, 2.0, 3.0]
