"""Model rows become predictions in their own unit, or say why they cannot."""

import pytest

from phantomgpu.validation.folders import ModelFolder, Variant, read_index, read_variants
from phantomgpu.validation.models import model_outcomes, placed_rows
from phantomgpu.validation.points import point_of
from tests.unit.validation.builders import a_model_row


def outcomes(rows, catalog, *folders, variants=()):
    return model_outcomes(placed_rows(rows, catalog, folders, variants), catalog)


def test_a_latency_and_a_rate_of_the_same_run_are_predicted_alike(catalog, builtin):
    latency, rate = outcomes(
        [a_model_row(2), a_model_row(3, metric="samples/s", value=1600)], catalog, builtin
    )

    assert rate.predicted == pytest.approx(8 / (latency.predicted / 1e3))
    assert rate.low < rate.predicted < rate.high
    assert rate.low == pytest.approx(8 / (latency.high / 1e3))


def test_rows_come_back_in_the_order_of_the_file(catalog, builtin):
    rows = [a_model_row(2, model="vgg16"), a_model_row(3), a_model_row(4, model="nothing"),
            a_model_row(5, model="vgg16", gpu="l4")]  # fmt: skip

    assert [each.row.line for each in outcomes(rows, catalog, builtin)] == [2, 3, 4, 5]


def test_a_larger_image_takes_longer(catalog, builtin):
    small, large = outcomes([a_model_row(2), a_model_row(3, input="448x448")], catalog, builtin)

    assert large.predicted > 2.5 * small.predicted


def test_a_size_that_the_graph_cannot_take_is_left_out_with_the_reason(catalog, builtin):
    (odd,) = outcomes([a_model_row(model="vgg16", input="33x31")], catalog, builtin)

    assert odd.predicted is None
    assert "cannot be run at this size" in odd.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "nothing"}, "no graph of 'nothing'"),
        ({"gpu": "t5"}, "no profile of 't5'"),
        ({"runtime": "abacus"}, "no runtime 'abacus'"),
        ({"precision": "fp3"}, "no precision 'fp3'"),
        ({"metric": "furlongs"}, "no rule for metric 'furlongs'"),
        ({"input": "prose"}, "no image size and no sequence length"),
        ({"gpu": "p4", "precision": "bf16"}, "no peak for bf16"),
    ],
)
def test_a_row_that_cannot_be_predicted_says_why(catalog, builtin, change, reason):
    (outcome,) = outcomes([a_model_row(**change)], catalog, builtin)

    assert outcome.predicted is None
    assert reason in outcome.reason
    assert outcome.measured == 5.0


def test_amp_is_fp16_and_a_layout_with_a_profile_is_a_runtime(catalog):
    row = a_model_row(runtime="pytorch-eager", precision="amp", layout="nhwc")

    point = point_of(row, catalog)

    assert (point.precision, point.runtime) == ("fp16", "pytorch-eager-nhwc")


def test_a_runtime_may_be_written_with_dots(catalog):
    assert point_of(a_model_row(runtime="llama.cpp"), catalog).runtime == "llama-cpp"


def test_a_sequence_length_sets_every_free_dimension_but_the_batch(catalog, builtin):
    short, long = outcomes(
        [a_model_row(2, model="bert-base", input="seq128"),
         a_model_row(3, model="bert-base", input="seq384")],
        catalog, builtin,
    )  # fmt: skip

    assert 2.5 < long.predicted / short.predicted < 4.0


def test_the_index_says_which_file_a_source_means():
    index = read_index("file,source,model\na.onnx,one,net\nb.onnx,two,net\nc.onnx,two,net\n")
    folder = ModelFolder("here", frozenset({"a.onnx", "b.onnx", "net.onnx"}), None, index)

    assert folder.file({"source": "two", "model": "net"}) == "b.onnx"
    assert folder.file({"source": "three", "model": "net"}) == "net.onnx"
    assert folder.file({"source": "one", "model": "other"}) is None


def test_a_variant_is_taken_where_its_columns_hold_and_its_file_is_there():
    variants = read_variants("variant,source,gpu\nold,here,t4\n")
    folder = ModelFolder("here", frozenset({"net.onnx", "net__old.onnx.gz"}), None, {})

    assert variants == (Variant("old", {"source": "here", "gpu": "t4"}),)
    on_t4 = {"source": "here", "gpu": "t4", "model": "net"}
    assert folder.file(on_t4, variants) == "net__old.onnx.gz"
    assert folder.file({**on_t4, "gpu": "l4"}, variants) == "net.onnx"


def test_a_damaged_file_is_a_reason_and_not_a_crash(catalog):
    from phantomgpu.onnx import BytesSource

    folder = ModelFolder(
        "here", frozenset({"resnet18.onnx"}), lambda name: BytesSource(name, b"prose"), {}
    )

    (outcome,) = outcomes([a_model_row()], catalog, folder)

    assert "here/resnet18.onnx" in outcome.reason


def test_the_roofline_of_a_model_is_faster_than_its_prediction(catalog, builtin):
    (outcome,) = outcomes([a_model_row()], catalog, builtin)

    assert outcome.roofline < outcome.predicted
