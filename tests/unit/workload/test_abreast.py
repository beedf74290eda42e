"""Products of one input as one product."""

from collections import Counter

from phantomgpu.families import build
from phantomgpu.workload import Workload, lower
from tests.unit.families import configs


def llama(*rules: str, **changed: int) -> Workload:
    graph = build({"config.json": configs.llama(**changed)}, name="x").main.graph
    dims = {"sequence": 4, "past": 0}
    return lower(graph, fusion=rules, casts="none", runtime="x", dims=dims).at(1, "fp16")


def products(work: Workload) -> list[tuple[int, ...]]:
    rows = zip(work.kernels.count, work.kernels.m, work.kernels.n, work.kernels.k, strict=True)
    return [
        tuple(int(each) for each in row)
        for row, name in zip(rows, work.names, strict=True)
        if name.op.startswith(("MatMul", "ExpertMatMul"))
    ]


def test_query_key_and_value_are_one_product_and_gate_and_up_another():
    apart, abreast = products(llama()), products(llama("matmul-abreast"))

    assert (3, 4, 64 + 32 + 32, 64) in abreast
    assert (3, 4, 2 * 160, 64) in abreast
    assert sum(count for count, *_ in apart) - sum(count for count, *_ in abreast) == 3 * 3


def test_work_and_weights_stay_what_they_were_and_the_input_is_read_once():
    apart, abreast = llama(), llama("matmul-abreast")

    def total(work: Workload, column: str) -> float:
        return float((getattr(work.kernels, column) * work.kernels.count).sum())

    for column in ("matrix_flops", "weight_bytes", "write_bytes"):
        assert total(abreast, column) == total(apart, column)
    assert total(apart, "read_bytes") - total(abreast, "read_bytes") == 3 * 3 * 4 * 64 * 2
    assert abreast.weight_bytes == apart.weight_bytes


def test_biases_come_along():
    config = configs.llama(attention_bias=True)
    graph = build({"config.json": config}, name="x").main.graph

    work = lower(
        graph, fusion=("linear", "matmul-abreast"), casts="none", runtime="x",
        dims={"sequence": 4, "past": 0},
    ).at(1, "fp16")  # fmt: skip

    assert (3, 4, 64 + 32 + 32, 64) in products(work)


def test_a_router_stays_apart_from_the_experts_beside_it():
    graph = build({"config.json": configs.deepseek()}, name="x").main.graph

    work = lower(
        graph, fusion=("matmul-abreast",), casts="none", runtime="x",
        dims={"sequence": 4, "past": 0},
    ).at(1, "fp16")  # fmt: skip

    widths = {n for _, _, n, _ in products(work)}
    assert 8 in widths  # the router
    assert 24 + 32 + 8 in widths  # both compressions and the rotary key
    assert 2 * 32 in widths  # gate and up of one expert


def launches(work: Workload) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, count in zip(work.names, work.kernels.count, strict=True):
        counts[name.op] += int(count)
    return counts


def test_one_kernel_rotates_query_and_key():
    assert launches(llama("rotary-abreast"))["RotaryEmbedding+RotaryEmbedding"] == 3
    assert "RotaryEmbedding" not in launches(llama("rotary-abreast"))


def test_a_residual_is_added_and_normalised_in_one_pass_that_writes_both():
    apart, together = llama(), llama("residual-norm")

    assert launches(apart)["Add"] == 6
    assert launches(together)["Add+RMSNormalization"] == 6
    written = [float((w.kernels.write_bytes * w.kernels.count).sum()) for w in (apart, together)]
    assert written[0] == written[1]
