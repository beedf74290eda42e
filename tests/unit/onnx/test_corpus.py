"""Every model of the shared data: read, and every shape in numbers or flagged."""

from dataclasses import dataclass, field

import pytest

from phantomgpu.onnx import batch_symbol, infer_shapes
from phantomgpu.onnx.freedims import value_of

pytestmark = pytest.mark.corpus


@dataclass
class Facts:
    """What the tests below look at; the graphs themselves would fill the memory."""

    batch: str | None
    flagged: set[str]
    open_tensors: list[str] = field(default_factory=list)
    repeated_names: list[str] = field(default_factory=list)
    unlike_the_file: list[str] = field(default_factory=list)
    compared: int = 0


def facts_of(shaped):
    facts = Facts(batch_symbol(shaped.graph), {flag.op_type for flag in shaped.assumptions})
    for node in shaped.nodes:
        for name in filter(None, (*node.inputs, *node.outputs)):
            tensor = shaped.tensors[name]
            known = all(isinstance(dim, int) and dim >= 0 for dim in tensor.dims)
            if not known or tensor.dtype == "undefined":
                facts.open_tensors.append(name)
    for names in (
        [node.name for node in shaped.nodes],
        [name for node in shaped.nodes for name in node.outputs if name],
    ):
        facts.repeated_names += sorted({name for name in names if names.count(name) > 1}
                                       if len(set(names)) < len(names) else ())  # fmt: skip
    symbols = {free.symbol: free.value for free in shaped.dims}
    for name, written in shaped.graph.tensors.items():
        found = shaped.tensors.get(name)
        dims = tuple(
            dim if isinstance(dim, int) else value_of(dim, symbols) for dim in written.dims or ()
        )
        if found is not None and dims and None not in dims and not written.is_weight:
            facts.compared += 1
            if (found.dims, found.dtype) != (dims, written.dtype):
                facts.unlike_the_file.append(name)
    return facts


@pytest.fixture(scope="module")
def everything(corpus):
    """The facts of each model."""
    found = {}
    for name in corpus.files:
        graph = corpus.graph(name)
        found[name] = facts_of(infer_shapes(graph, corpus.dims(name, graph)))
    assert len(found) >= 250
    return found


def test_every_tensor_of_every_model_is_static(everything):
    assert {name: f.open_tensors for name, f in everything.items() if f.open_tensors} == {}


def test_nothing_is_assumed_but_where_data_decide(everything):
    flagged = {name: facts.flagged for name, facts in everything.items() if facts.flagged}

    assert flagged == {"corpus/loop_if_script_ts16": {"If", "Loop"}}


def test_node_names_are_unique_and_every_tensor_has_one_maker(everything):
    assert {name: f.repeated_names for name, f in everything.items() if f.repeated_names} == {}


def test_every_image_model_has_its_batch_first(everything):
    assert {facts.batch for name, facts in everything.items() if name.startswith("timm/")} == {"N"}


def test_the_batch_reaches_the_output(corpus):
    for name in ("timm/densenet121", "timm/vit_tiny_patch16_224", "corpus/resnet50_dy18_dynb"):
        shaped = infer_shapes(corpus.graph(name), {"batch": 4})

        assert shaped.tensors[shaped.outputs[0]].dims[0] == 4


def test_shapes_equal_those_that_the_exporters_wrote(everything):
    """The dynamo exporter writes one for nearly every tensor of a model with fixed inputs."""
    unlike = {name: f.unlike_the_file for name, f in everything.items() if f.unlike_the_file}

    assert unlike == {}
    assert sum(facts.compared for facts in everything.values()) > 10_000
