"""MACs of real models, against those that the framework or another program counted."""

import csv
import json
import re
from functools import cache

import pytest

from phantomgpu.onnx import BytesSource, infer_shapes, read_model
from phantomgpu.ops import demand

pytestmark = pytest.mark.corpus


@cache
def _counted(path, dims):
    shaped = infer_shapes(read_model(BytesSource(path.name, path.read_bytes())), json.loads(dims))
    demands = [demand(node, shaped) for node in shaped.nodes]
    macs = sum(d.macs * times for d, times in zip(demands, shaped.repeats, strict=True))
    return macs, [d.approximation for d in demands if d.approximation]


def counted(path, dims):
    """MACs of a model, and what was approximate in it."""
    return _counted(path, json.dumps(dims))


def rows(folder):
    with (folder / "index.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Not in the index: control flow, whose body the index leaves out (macs = nodes outside it).
SPLICED = {"loop_if_script_ts16"}


def test_every_model_of_the_corpus_has_the_macs_of_its_index(shared_data):
    folder = shared_data / "corpus"
    wrong = {}
    for row in rows(folder):
        macs, _ = counted(folder / f"{row['name']}.onnx.gz", json.loads(row["dims"]))
        if macs != int(row["macs"]) and row["name"] not in SPLICED:
            wrong[row["name"]] = (macs, int(row["macs"]))

    assert wrong == {}


def test_every_model_of_the_corpus_is_within_a_thousandth_of_its_framework(shared_data):
    """onnx.md explains the differences: folded batch norms and pruned poolers."""
    folder = shared_data / "corpus"
    wrong = {}
    for row in rows(folder):
        if row["macs_truth"]:
            macs, _ = counted(folder / f"{row['name']}.onnx.gz", json.loads(row["dims"]))
            truth = int(row["macs_truth"])
            if abs(macs / truth - 1) > 1e-3:
                wrong[row["name"]] = (macs, truth)

    assert wrong == {}


def test_no_operator_of_the_corpus_is_approximate(shared_data):
    folder = shared_data / "corpus"
    found = {
        row["name"]: approximations
        for row in rows(folder)
        if (
            approximations := counted(folder / f"{row['name']}.onnx.gz", json.loads(row["dims"]))[1]
        )
    }

    assert found == {}


@pytest.mark.parametrize(
    ("name", "dims", "macs"),
    [
        ("resnet50_ts13_dynbhw", {"batch": 1, "height": 224, "width": 224}, 4_089_184_256),
        ("bert_base_ts14_dyn", {"batch": 1, "seq": 128}, 11_173_625_856),
        ("vit_b16_ts14_dynb", {"batch": 1}, 17_563_828_224),
    ],
)
def test_well_known_models_have_their_well_known_macs(shared_data, name, dims, macs):
    assert counted(shared_data / "corpus" / f"{name}.onnx.gz", dims)[0] == macs


def test_macs_grow_in_proportion_to_the_batch(shared_data):
    path = shared_data / "corpus" / "resnet50_ts13_dynbhw.onnx.gz"

    assert counted(path, {"batch": 32})[0] == 32 * counted(path, {"batch": 1})[0]


def test_every_image_model_has_the_macs_of_its_index(shared_data):
    """The index gives GMACs to six decimals."""
    folder = shared_data / "timm"
    wrong = {}
    for row in rows(folder):
        reparam = folder / f"{row['model']}__noreparam.onnx.gz"
        path = folder / f"{row['model']}.onnx.gz"
        if row["reparam"] == "0" and reparam.exists():
            path = reparam
        macs, _ = counted(path, {"N": 1})
        if abs(macs / 1e9 - float(row["macs_g"])) > 1e-6:
            wrong[path.name] = (macs / 1e9, row["macs_g"])

    assert wrong == {}


def test_every_other_measured_model_has_the_macs_of_its_index(shared_data):
    folder = shared_data / "models"
    wrong = {}
    for row in rows(folder):
        dims = {name: int(size) for name, size in re.findall(r"(\w+)=(\d+)", row["macs_at"])}
        macs, _ = counted(folder / row["file"], dims)
        if abs(macs / 1e9 - float(row["macs_g"])) > 1e-6:
            wrong[row["file"]] = (macs / 1e9, row["macs_g"])

    assert wrong == {}
