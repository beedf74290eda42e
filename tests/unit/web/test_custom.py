"""What edits, resets, links and earlier visits make of one's own profiles."""

import pytest

from tests.unit.web.builders import a_catalog, a_gpu, a_request, a_state
from web.custom import memory, unread
from web.query import gpu_choices, job
from web.state import after


def edited(gpu="t4", state=None, **fields):
    event = {"type": "profile_set", "id": gpu, "text": "name = 1", "gpu": a_gpu(gpu, **fields)}
    return after(state or a_state(), event)


def a_variant(state=None):
    event = {
        "type": "profile_set",
        "id": "t4-variant",
        "text": 'extends = "t4"',
        "gpu": a_gpu("t4-variant"),
        "is_chosen": True,
    }
    return after(state or a_state(), event)


def ids(state):
    return [gpu["id"] for gpu in state["catalog"]["gpus"]]


def test_edited_profile_is_asked_for_and_marked_as_custom():
    state = edited(memory_gb=32)

    assert state["request"]["profiles"] == {"t4": "name = 1"}
    assert job(state)[0] == "compare"
    assert state["catalog"]["gpus"][0] == a_gpu("t4", memory_gb=32, custom=True)


def test_profile_of_a_gpu_that_is_not_chosen_is_not_asked_for_until_it_is():
    state = edited("l40s")
    assert state["request"]["profiles"] == {}

    state = after(state, {"type": "gpu_toggled", "id": "l40s"})
    assert state["request"]["profiles"] == {"l40s": "name = 1"}

    state = after(state, {"type": "gpu_toggled", "id": "l40s"})
    assert state["request"]["profiles"] == {}
    assert "l40s" in state["custom"]


def test_reset_brings_back_the_catalogue():
    state = after(edited(memory_gb=32), {"type": "profile_reset", "id": "t4"})

    assert state["request"] == a_request()
    assert state["catalog"] == a_catalog()
    assert state["custom"] == {}


def test_reset_of_a_profile_nobody_edited_changes_nothing():
    assert after(a_state(), {"type": "profile_reset", "id": "t4"}) == a_state()


def test_variant_joins_the_comparison_and_the_list():
    state = a_variant()

    assert state["request"]["gpus"] == ["t4", "l4", "t4-variant"]
    assert "t4-variant" in [gpu["id"] for gpu in gpu_choices(state)]


def test_ninth_gpu_stays_in_the_list():
    eight = [f"gpu{number}" for number in range(8)]

    state = a_variant(a_state(request=a_request(gpus=eight)))

    assert state["request"]["gpus"] == eight
    assert "t4-variant" in ids(state)
    assert state["notice"]


def test_removed_variant_is_gone_from_list_and_comparison():
    state = after(a_variant(), {"type": "profile_reset", "id": "t4-variant"})

    assert state["request"] == a_request()
    assert "t4-variant" not in ids(state)


def test_profiles_of_an_earlier_visit_come_back():
    kept = memory(a_variant(edited(memory_gb=32)), {})
    event = {
        "type": "profiles_remembered",
        "profiles": {
            "t4": {"text": "name = 1", "gpu": a_gpu("t4", memory_gb=32)},
            "t4-variant": {"text": 'extends = "t4"', "gpu": a_gpu("t4-variant")},
        },
        "chosen": ["t4", "t4-variant"],
    }

    state = after(a_state(), event)

    assert memory(state, {}) == kept
    assert state["request"]["gpus"] == ["t4", "l4", "t4-variant"]
    assert state["request"]["profiles"]["t4"] == "name = 1"


def test_memory_never_overwrites_a_link():
    link = {"type": "restored", "request": a_request(), "saw": {}, "from_link": True}
    event = {
        "type": "profiles_remembered",
        "profiles": {"t4": {"text": "name = 1", "gpu": a_gpu("t4")}},
        "chosen": ["t4"],
    }

    state = after(after(a_state(), link), event)

    assert state["request"] == a_request()
    assert state["custom"] == {}


def test_link_replaces_ones_own_profiles_by_those_it_brings():
    request = a_request(profiles={"l4": "name = 2"})

    state = after(
        edited(memory_gb=32), {"type": "restored", "request": request, "saw": {}, "from_link": True}
    )

    assert set(state["custom"]) == {"l4"}
    assert state["catalog"] == a_catalog()
    assert unread(state) == ("l4", "name = 2")
    assert unread(edited("l4", state)) is None


def test_catalogue_that_comes_again_keeps_what_was_edited():
    state = after(edited(memory_gb=32), {"type": "catalog", "catalog": a_catalog()})

    assert state["catalog"]["gpus"][0]["memory_gb"] == 32
    assert after(state, {"type": "profile_reset", "id": "t4"})["catalog"] == a_catalog()


@pytest.mark.parametrize("kept", [{}, {"old": "colour = 1"}])
def test_profile_that_no_longer_reads_stays_in_memory(kept):
    assert (memory(a_state(), kept) == "") == (not kept)
