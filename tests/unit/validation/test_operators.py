"""An operator row stands for the kernels that ran."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.kinds import kinds_of
from phantomgpu.errors import DataError
from phantomgpu.validation.age import age_slowdown
from phantomgpu.validation.operators import measured, table_of
from phantomgpu.validation.rows import read_rows
from phantomgpu.validation.timed import operator_outcomes, spread_of
from phantomgpu.validation.timing import timing_of
from phantomgpu.workload.workload import FAMILIES, PEAKS
from tests.unit.validation.builders import a_model_row, an_operator_row


def kernels_of(**cells):
    return measured(an_operator_row(**cells)).kernels


def families(kernels):
    return [FAMILIES[int(kernel["family"])] for kernel in kernels]


def attention(**cells):
    return {"op": "attention_context", "dtype": "bfloat16/kv_bfloat16", "B": 2, "heads": 8,
            "kv_heads": 2, "head_dim": 64, "seq": 128, "kv_len": 128, **cells}  # fmt: skip


def test_product_is_two_flops_for_each_multiply_add():
    (product,) = kernels_of(M=3, N=5, K=7, B=2)

    assert product["matrix_flops"] == 2 * 2 * 3 * 5 * 7
    assert product["read_bytes"] == 2 * 2 * (3 * 7 + 5 * 7)
    assert product["write_bytes"] == 2 * 2 * 3 * 5


def test_operands_of_a_single_operator_are_warm_and_weights_of_a_serving_one_cold():
    (warm,) = kernels_of()
    (cold,) = kernels_of(runtime="sglang-0.5.10")

    assert warm["weight_bytes"] == 0.0
    assert cold["weight_bytes"] == 2 * 1024 * 1024
    assert cold["count"] == timing_of("sglang").copies


def test_narrow_products_are_quantised_first():
    assert families(kernels_of(dtype="fp8", runtime="sglang-0.5")) == ["quantize", "matmul"]
    assert families(kernels_of(dtype="fp8", runtime="trtllm-1.0")) == [
        "reduce", "quantize", "matmul",
    ]  # fmt: skip


def test_smoothquant_for_few_rows_needs_no_workspace_cleared():
    few, more = (kernels_of(dtype="sq", runtime="trtllm-1.0", M=rows) for rows in (4, 5))

    assert families(few) == ["quantize", "matmul"]
    assert families(more) == ["reduce", "quantize", "matmul"]


def test_weight_only_product_multiplies_in_sixteen_bits():
    product = kernels_of(dtype="int4_wo", runtime="sglang-0.5")[-1]

    assert PEAKS[int(product["peak"])] == "fp16"
    assert product["weight_bytes"] == 1024 * 1024 / 2


def test_convolution_is_an_implicit_product():
    (conv,) = kernels_of(op="conv2d", dtype="fp32", B=2, Cin=3, Cout=8, ksize=3, insize=16,
                         stride=2, pad=1)  # fmt: skip

    assert (conv["m"], conv["n"], conv["k"]) == (2 * 8 * 8, 8, 27)
    assert conv["matrix_flops"] == 2 * 2 * 8 * 8 * 8 * 27


def test_elementwise_reads_what_its_operator_takes():
    (add,) = kernels_of(op="elementwise", sub="add", rows=10, cols=10)
    (scaled,) = kernels_of(op="elementwise", sub="addu", rows=10, cols=10)

    assert (add["read_bytes"], scaled["read_bytes"]) == (400, 200)


def test_softmax_has_an_exponential_an_element_and_a_layer_norm_a_root_a_row():
    (softmax,) = kernels_of(op="softmax", rows=10, cols=100)
    (norm,) = kernels_of(op="layernorm", rows=10, cols=100)

    assert (softmax["special_flops"], norm["special_flops"]) == (1010, 10)


def test_prompt_is_causal_and_decoding_is_not():
    prompt = kernels_of(**attention(runtime="vllm-1"))[-1]
    decoding = kernels_of(**attention(op="attention_generation", seq=1, runtime="vllm-1"))[-1]

    assert (prompt["causal"], decoding["causal"]) == (1.0, 0.0)
    assert decoding["read_bytes"] == 2 * (2 * 2 * 2 * 128 * 64) + 2 * 2 * 8 * 64


def test_keys_in_eight_bits_are_read_in_eight_bits():
    half = kernels_of(**attention(dtype="bfloat16/kv_fp8", runtime="vllm-1"))[-1]
    full = kernels_of(**attention(runtime="vllm-1"))[-1]

    assert half["read_bytes"] < full["read_bytes"]
    assert (half["element_bytes"], full["element_bytes"]) == (1.0, 2.0)


def test_new_keys_and_values_are_written_into_the_cache_where_the_timing_held_that():
    write, fused = kernels_of(**attention(dtype="bfloat16/kv_fp8", runtime="vllm-0.24"))

    assert families([write, fused]) == ["move", "attention"]
    assert (write["m"], write["n"]) == (2 * 128, 2 * 2 * 64)
    assert write["read_bytes"] == 2 * write["write_bytes"]
    assert families(kernels_of(**attention(runtime="vllm-0.22.0"))) == ["attention"]


def test_tensorrt_llm_rotates_queries_and_keys_first():
    decoding = {"op": "attention_generation", "seq": 1, "runtime": "trtllm-1"}

    assert families(kernels_of(**attention(**decoding))) == ["pointwise", "attention"]
    assert families(kernels_of(**attention(runtime="trtllm-1"))) == [
        "reduce", "pointwise", "attention",
    ]  # fmt: skip


def test_values_of_early_tensorrt_llm_rows_lay_where_the_keys_did():
    cells = {"op": "attention_generation", "seq": 1}
    early, late = (
        kernels_of(**attention(runtime=runtime, **cells))[-1]
        for runtime in ("trtllm-1.0.0", "trtllm-1.3.0rc20")
    )

    assert late["read_bytes"] - early["read_bytes"] == 2 * 2 * 2 * 128 * 64


@pytest.mark.parametrize(("runtime", "share"), [("trtllm-1.0.0", 1.0), ("trtllm-1.3.0rc15", 0.5)])
def test_values_read_long_after_their_keys_come_from_memory_again(runtime, share):
    cells = {"op": "attention_generation", "seq": 1, "kv_heads": 8, "kv_len": 4096}
    early, late = (
        kernels_of(**attention(runtime=name, **cells))[-1]["read_bytes"]
        for name in (runtime, "trtllm-1.3.0rc20")
    )

    assert early == pytest.approx(share * late, rel=1e-3)


@pytest.mark.parametrize("cells", [{"op": "fft"}, {"dtype": "fp2"}])
def test_what_no_rule_covers_has_a_reason(cells):
    row = measured(an_operator_row(**cells))

    assert row.kernels == ()
    assert "no rule" in row.reason


def test_cell_that_is_no_number_is_named():
    with pytest.raises(DataError) as error:
        measured(an_operator_row(line=7, M="many"))

    assert "line 7" in error.value.where


def test_missing_column_is_named():
    with pytest.raises(DataError, match="latency_ms"):
        list(read_rows("gpu,op\nt4,matmul\n", origin="x.csv", columns=("gpu", "latency_ms")))


@given(st.sampled_from(["matmul", "linear", "bmm"]), st.integers(1, 9), st.integers(1, 9))
def test_kernels_of_a_row_become_a_table(op, m, n):
    table = table_of(measured(an_operator_row(op=op, M=m, N=n)).kernels)

    assert table.m.tolist() == [m]
    assert table.family.dtype.kind == "i"


@pytest.mark.parametrize(
    ("runtime", "expected", "host"),
    [
        ("pytorch2.1.0-eager(cu121,TF32 off)", "pytorch-eager", True),
        ("pytorch-eager(cuda profiler)", "pytorch-eager", False),
        ("vllm-0.14.0", "vllm", False),
        ("trtllm-1.3.0rc20", "trt-llm", False),
        ("trtllm-1.0.0", "trt-llm", False),
        ("pytorch-compile", "pytorch-compile", True),
        ("something else", "pytorch-eager", True),
    ],
)
def test_timing_is_told_by_how_the_runtime_cell_begins(runtime, expected, host):
    timing = timing_of(runtime)

    assert (timing.runtime, timing.host) == (expected, host)


@pytest.mark.parametrize(
    ("cells", "factors"),
    [
        ({"op": "elementwise", "sub": "add"}, ()),
        ({"op": "elementwise", "sub": "addu"}, ("alone_scalar",)),
        ({"op": "linear"}, ("alone_linear",)),
        ({"op": "linear", "runtime": "pytorch2.4.1-rocm"}, ("alone_rocm", "alone_linear")),
    ],
)
def test_hosts_time_depends_on_what_is_asked_of_it(cells, factors):
    row = an_operator_row(**{"runtime": "pytorch2.1.0-eager", "M": 8, "N": 8, "rows": 8,
                             "cols": 8, **cells})  # fmt: skip

    assert measured(row).timing.host_factors == factors


def test_hosts_time_is_in_what_a_stopwatch_shows(catalog):
    small = {"M": 16, "N": 16, "K": 16, "dtype": "fp32"}
    alone, profiled = operator_outcomes(
        [
            an_operator_row(line=2, runtime="pytorch2.1.0-eager", **small),
            an_operator_row(line=3, runtime="pytorch-eager(cuda profiler)", **small),
        ],
        catalog,
    )

    assert alone.predicted > profiled.predicted + 0.01
    assert alone.low < alone.predicted < alone.high


def test_older_version_is_slower_than_the_one_the_profile_stands_for(catalog):
    runtime = catalog.runtime("tensorrt")
    version = runtime.calibration["version"]

    old, new, unsaid = (
        age_slowdown(a_model_row(runtime_version=text), runtime)
        for text in ("7.2.3.4", f"{version}.1", "")
    )

    assert old > 1.0
    assert new == unsaid == 1.0
    assert age_slowdown(a_model_row(runtime_version="1"), catalog.runtime("onnxruntime")) == 1.0


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"gpu": "voodoo-2"}, "no profile"),
        ({"op": "fft"}, "no rule"),
        ({"dtype": "fp8", "runtime": "vllm-1"}, "no peak"),
    ],
)
def test_operator_that_cannot_be_predicted_has_a_reason(catalog, cells, reason):
    (outcome,) = operator_outcomes([an_operator_row(**cells)], catalog)

    assert outcome.predicted is None
    assert reason in outcome.reason


def test_a_runtimes_own_spread_goes_before_that_of_the_kind(catalog):
    table = table_of(list(kernels_of(dtype="fp32")))
    kinds, starts = kinds_of(table), np.zeros(1, dtype=np.int64)
    boards = boards_of([catalog.gpu("a100-sxm-80gb")])
    usual = boards.values["spread_matmul"][0, 0]
    plain = catalog.runtime("pytorch-eager")

    def spread(**fitted):
        runtime = replace(plain, calibration=fitted)
        return spread_of(table, kinds, starts, boards, runtime).tolist()

    assert spread() == [usual]
    assert spread(spread_matmul=0.1) == [usual]
    assert spread(spread_matmul=0.1, spread_matmul_fp32=0.3) == [0.3]


def test_quantised_operator_is_as_uncertain_as_its_quantisation(catalog):
    plain, narrow = operator_outcomes(
        [
            an_operator_row(line=2, gpu="l40s", runtime="vllm-1"),
            an_operator_row(line=3, gpu="l40s", runtime="vllm-1", dtype="fp8"),
        ],
        catalog,
    )
    values = {
        **catalog.gpu("l40s").calibration.values,
        **catalog.runtime("vllm").calibration,
    }

    for outcome, kind in ((plain, "matmul"), (narrow, "quantize")):
        expected = np.exp(values[f"spread_{kind}"] * values["interval_scale"])
        assert outcome.high / outcome.predicted == pytest.approx(expected)
