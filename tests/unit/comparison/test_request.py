"""A request is checked once, and says what is wrong in the caller's own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.comparison import Request, request_as_dict, request_from
from phantomgpu.comparison.check import LARGEST_BATCH, MOST, MOST_CELLS
from phantomgpu.dtype import PRECISIONS
from phantomgpu.errors import PhantomGPUError, RequestError, UnknownNameError

VALID = {"models": ["resnet50"], "gpus": ["t4"]}

names = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30
)


def unique(values, most):
    return st.lists(values, min_size=1, max_size=most, unique=True).map(tuple)


requests = st.builds(
    Request,
    models=unique(names, 4),
    gpus=unique(names, 8),
    runtimes=unique(names, 3),
    precisions=unique(st.sampled_from(sorted(PRECISIONS)), 7),
    batches=unique(st.integers(1, LARGEST_BATCH), 10),
    dims=st.dictionaries(names, st.integers(1, 2**31 - 1), max_size=4),
    profiles=st.dictionaries(names, st.text(max_size=60), max_size=2),
)


@given(requests)
def test_a_request_survives_its_own_document(request):
    assert request_from(request_as_dict(request)) == request


def test_defaults_are_left_out_of_the_document():
    assert request_as_dict(request_from(VALID)) == VALID


def test_fields_left_out_are_defaults():
    request = request_from(VALID)

    assert (request.runtimes, request.precisions, request.batches) == (
        ("tensorrt",),
        ("fp16",),
        (1,),
    )


@pytest.mark.parametrize(
    ("change", "what", "where"),
    [
        ({"batches": [0]}, "batch is 0", "batches, value 1"),
        ({"batches": [1, -3]}, "batch is -3", "batches, value 2"),
        ({"batches": [10**30]}, "batch is a number of over 15 digits", "batches, value 1"),
        ({"batches": [True]}, "batch is the truth value true, not a whole", "batches, value 1"),
        ({"batches": [1.5]}, "batch is the number 1.5, not a whole number", "batches, value 1"),
        ({"batches": ["8"]}, "batch is the text '8', not a whole number", "batches, value 1"),
        ({"batches": 8}, "batches is the number 8, not a list", "batches"),
        ({"batches": []}, "batches is empty", "batches"),
        ({"batches": [8, 8]}, "8 is given twice", "batches, value 2"),
        ({"batches": list(range(1, 200))}, "batches has 199 values", "batches"),
        ({"gpus": "t4"}, "gpus is the text 't4', not a list", "gpus"),
        ({"gpus": ["t4", "t4"]}, "'t4' is given twice", "gpus, value 2"),
        ({"gpus": [None]}, "gpus holds empty, not a name", "gpus, value 1"),
        ({"gpus": [""]}, "'' is no name", "gpus, value 1"),
        ({"gpus": ["a\nb"]}, "is no name", "gpus, value 1"),
        ({"models": []}, "models is empty", "models"),
        ({"dims": {"seq": 0}}, "dimension seq is 0", "dims, seq"),
        ({"dims": {"seq": "long"}}, "dimension seq is the text 'long'", "dims, seq"),
        ({"dims": [1]}, "dims is a list, not a table", "dims"),
        ({"profiles": {"t4": 4}}, "the profile t4 is the number 4, not TOML", "profiles, t4"),
        ({"batch": [1]}, "a field 'batch' that does not exist", "request, batch"),
    ],
)
def test_a_mistake_is_named_with_its_value_and_place(change, what, where):
    with pytest.raises(RequestError) as caught:
        request_from(VALID | change)

    assert what in caught.value.what
    assert where in caught.value.where
    assert caught.value.fix


def test_an_unknown_precision_names_those_there_are():
    with pytest.raises(UnknownNameError) as caught:
        request_from(VALID | {"precisions": ["fp12"]})

    assert caught.value.what == "there is no precision 'fp12'"
    assert "fp16" in caught.value.fix


def test_a_mistake_is_named_as_the_caller_knows_the_field():
    with pytest.raises(RequestError) as caught:
        request_from(VALID | {"batches": [0]}, called={"batches": "--batch"})

    assert caught.value.where == "--batch, value 1"


def test_more_points_than_the_limit_are_refused():
    grid = {
        "models": [f"m{at}" for at in range(MOST["models"])],
        "gpus": [f"g{at}" for at in range(MOST["gpus"])],
        "batches": list(range(1, 31)),
    }

    with pytest.raises(RequestError, match=f"more than {MOST_CELLS:,}"):
        request_from(grid)


def test_a_request_without_gpus_is_one_where_none_are_needed():
    request = request_from({"models": ["resnet50"]}, needed=("models",))

    assert request.gpus == ()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
fields = st.sampled_from(
    ["models", "gpus", "runtimes", "precisions", "batches", "dims", "profiles", "other"]
)


@given(st.dictionaries(fields, anything) | anything)
def test_junk_is_an_error_and_never_a_crash(document):
    try:
        found = request_from(document)
    except PhantomGPUError as error:
        found = error.what and error.where and error.fix

    assert found
