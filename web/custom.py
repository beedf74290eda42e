"""Profiles of one's own in the page's state: what an edit, a reset, another visit make of it.

``state["custom"]`` holds each by GPU id: ``text``; ``gpu``, the catalogue entry it makes (None
until the engine has read it); ``original``, the catalogue's own entry (None for a variant).
Those of the chosen GPUs are in the request. Runs in MicroPython and CPython, like `web.state`.
"""

import json

MOST_GPUS = 8


def with_profiles(request, custom):
    """A request with the profiles of its own GPUs, and of no others.

    >>> request = {"gpus": ["t4", "l4"], "profiles": {"h100": "..."}}
    >>> with_profiles(request, {"t4": {"text": "name = 1"}})["profiles"]
    {'t4': 'name = 1'}
    """
    profiles = {}
    for gpu in request["gpus"]:
        if gpu in custom:
            profiles[gpu] = custom[gpu]["text"]
        elif gpu in request["profiles"]:
            profiles[gpu] = request["profiles"][gpu]
    return _changed(request, profiles=profiles)


def after_set(state, event):
    """A profile that reads well: it is used from now on.

    Args:
        state: The page's.
        event: ``id``, ``text`` and ``gpu``, its catalogue entry; ``is_chosen`` where it is to
            be compared even if nobody ticked it yet.
    """
    gpu, gpus = event["id"], state["request"]["gpus"]
    state = _shown(_with(state, gpu, event["text"], event["gpu"]))
    if gpu in gpus or not event.get("is_chosen"):
        return _asked(state, gpus)
    if len(gpus) >= MOST_GPUS:
        return _changed(
            state, notice="Your profile is in the list. Eight GPUs at a time: take one out first."
        )
    return _asked(state, gpus + [gpu])  # noqa: RUF005 (MicroPython has no other way)


def after_reset(state, event):
    """The catalogue's own again; a variant, which has none, goes."""
    gpu = event["id"]
    if gpu not in state["custom"]:
        return state
    custom = dict(state["custom"])
    gone = custom.pop(gpu)
    entries = [_as_entry(each, gpu, gone["original"]) for each in state["catalog"]["gpus"]]
    catalog = _changed(state["catalog"], gpus=[each for each in entries if each is not None])
    gpus = [each for each in state["request"]["gpus"] if gone["original"] or each != gpu]
    left = {key: text for key, text in state["request"]["profiles"].items() if key != gpu}
    state = _changed(state, custom=custom, catalog=catalog)
    state = _changed(state, request=_changed(state["request"], profiles=left))
    return _asked(state, gpus)


def after_remembered(state, event):
    """What this browser kept from an earlier visit; a link that was opened wins.

    Args:
        state: The page's.
        event: ``profiles``, ``text`` and ``gpu`` by id; ``chosen``, ids to compare.
    """
    if state["from_link"]:
        return state
    for gpu, held in event["profiles"].items():
        if gpu not in state["custom"]:
            state = _with(state, gpu, held["text"], held["gpu"])
    gpus = list(state["request"]["gpus"])
    for gpu in event["chosen"]:
        if gpu in state["custom"] and gpu not in gpus and len(gpus) < MOST_GPUS:
            gpus.append(gpu)
    return _asked(_shown(state), gpus)


def after_restored(state):
    """The custom profiles that a request from elsewhere brought along, and no others."""
    own = [original(state, each["id"]) for each in state["catalog"]["gpus"]]
    catalog = _changed(state["catalog"], gpus=[each for each in own if each is not None])
    state = _changed(state, custom={}, catalog=catalog)
    custom = {}
    for gpu, text in state["request"]["profiles"].items():
        custom[gpu] = {"text": text, "gpu": None, "original": original(state, gpu)}
    return _changed(state, custom=custom)


def after_catalog(state):
    """A catalogue that has just come, with one's own profiles in it."""
    found = {each["id"]: each for each in state["catalog"]["gpus"]}
    custom = {gpu: _changed(held, original=found.get(gpu)) for gpu, held in state["custom"].items()}
    return _shown(_changed(state, custom=custom))


def original(state, gpu):
    """The catalogue's own entry of a GPU, or None where it has none."""
    if gpu in state["custom"]:
        return state["custom"][gpu]["original"]
    return next((each for each in state["catalog"]["gpus"] if each["id"] == gpu), None)


def unread(state):
    """Id and text of a profile that the engine has not read yet, or None."""
    for gpu, held in state["custom"].items():
        if held["gpu"] is None:
            return gpu, held["text"]
    return None


def memory(state, kept):
    """What this browser keeps, as text; empty where there is nothing.

    Args:
        state: The page's.
        kept: Profiles of earlier visits that could not be read, text by id: kept as they are.
    """
    profiles = dict(kept)
    for gpu, held in state["custom"].items():
        profiles[gpu] = held["text"]
    if not profiles:
        return ""
    chosen = [gpu for gpu in state["request"]["gpus"] if gpu in profiles]
    return json.dumps({"profiles": profiles, "chosen": chosen})


def from_memory(text):
    """Profiles by id and the chosen ones, of whatever the browser kept.

    >>> from_memory('{"profiles": {"t4": "name = 1"}, "chosen": ["t4"]}')
    ({'t4': 'name = 1'}, ['t4'])
    >>> from_memory('[1, 2'), from_memory("7"), from_memory(None)
    (({}, []), ({}, []), ({}, []))
    """
    try:
        held = json.loads(text)
        profiles, chosen = held["profiles"], held["chosen"]
        whole = all(isinstance(each, str) for each in profiles.values())
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}, []
    return (profiles, list(chosen)) if whole else ({}, [])


def id_of_file(name):
    """The id of a profile in a file: its name without the ending.

    >>> id_of_file("My Board.toml"), id_of_file("h100-sxm-80gb.toml"), id_of_file(".toml")
    ('my-board', 'h100-sxm-80gb', 'profile')
    """
    stem = name[: -len(".toml")] if name.lower().endswith(".toml") else name
    allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_."
    return (
        "".join(mark if mark in allowed else "-" for mark in stem.lower()).strip(".-") or "profile"
    )


def _with(state, gpu, text, entry):
    custom = dict(state["custom"])
    custom[gpu] = {"text": text, "gpu": entry, "original": original(state, gpu)}
    return _changed(state, custom=custom)


def _shown(state):
    """The state with one's own profiles among the GPUs to choose from."""
    custom = state["custom"]
    gpus, there = [], []
    for each in state["catalog"]["gpus"]:
        there.append(each["id"])
        held = custom.get(each["id"])
        gpus.append(_custom(held["gpu"]) if held and held["gpu"] else each)
    own = [gpu for gpu in sorted(custom) if gpu not in there and custom[gpu]["gpu"]]
    gpus += [_custom(custom[gpu]["gpu"]) for gpu in own]
    return _changed(state, catalog=_changed(state["catalog"], gpus=gpus))


def _custom(entry):
    return _changed(entry, custom=True)


def _as_entry(each, gpu, entry):
    return entry if each["id"] == gpu else each


def _asked(state, gpus):
    request = with_profiles(_changed(state["request"], gpus=gpus), state["custom"])
    return _changed(state, request=request, notice="", refused=[])


def _changed(mapping, **fields):
    copy = dict(mapping)
    copy.update(fields)
    return copy
