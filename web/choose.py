"""What a person chooses -> the next state: models, GPUs, batches, precisions, runtimes, sizes."""

from web import custom
from web.models import with_model, without_model
from web.query import changed, largest, model_choices, offered_runtimes
from web.served import LANGUAGE_RUNTIME, SERVED_AS_LANGUAGE, USUAL, kind_of

MOST_GPUS = 8
BESIDE = "|"
"""In the id of a pinned row, between its GPU and its model."""

FIRST_RUNTIMES = ["tensorrt"]


def _chose_model(state, event):
    models = with_model(state, event["id"])
    state = changed(state, model_open=False, model_filter="", adding=False, chosen=None)
    if len(models) > 1:
        state = changed(state, baseline="")
    kept = state["request"] if len(models) > 1 else {"dims": {}, "tables": {}}
    state = asked(state, models=models, dims=kept["dims"], tables=kept["tables"])
    return _with_offered_runtimes(changed(state, error=None, refused=[]))


def _removed_model(state, event):
    state = changed(state, request=without_model(state, event["id"]), chosen=None, notice="")
    baseline = state["baseline"].partition(BESIDE)[0]
    return _with_offered_runtimes(changed(state, error=None, refused=[], baseline=baseline))


def _adding(state, _event):
    return changed(state, adding=not state["adding"], notice="")


def _with_table(state, _event):
    return changed(state, with_table=not state["with_table"])


def _with_offered_runtimes(state):
    """The request without runtimes that do not serve its model."""
    entries = {runtime["id"]: runtime for runtime in offered_runtimes(state)}
    kept = [name for name in state["request"]["runtimes"] if name in entries]
    models = state["request"]["models"]
    all_language = all(kind_of(state, model) in SERVED_AS_LANGUAGE for model in models)
    if all_language and LANGUAGE_RUNTIME in entries:
        serving = [name for name in kept if entries[name].get("models") == "language"]
        kept = serving or [LANGUAGE_RUNTIME]
    if kept == state["request"]["runtimes"]:
        return state
    return asked(state, runtimes=kept or FIRST_RUNTIMES)


def _typed_model(state, event):
    return changed(state, model_filter=event["text"], model_open=True, model_active=0)


def _moved_in_models(state, event):
    last = len(model_choices(state)) - 1
    if not state["model_open"]:
        return changed(state, model_open=True, model_active=0)
    active = max(0, min(last, state["model_active"] + event["by"]))
    return changed(state, model_active=active)


def _closed_models(state, event):
    return changed(state, model_open=False, model_filter="", model_active=0)


def _toggled_gpu(state, event):
    gpus = _toggled(state["request"]["gpus"], event["id"], [])
    if len(gpus) > MOST_GPUS:
        return changed(state, notice="Eight GPUs at a time: take one out first.")
    baseline = state["baseline"] if state["baseline"].partition(BESIDE)[0] in gpus else ""
    state = changed(asked(state, gpus=gpus), baseline=baseline)
    return changed(state, request=custom.with_profiles(state["request"], state["custom"]))


def _typed_gpu(state, event):
    return changed(state, gpu_filter=event["text"])


def _toggled_batch(state, event):
    batches = sorted(_toggled(state["request"]["batches"], event["batch"], []))
    if not batches:
        return changed(state, notice="At least one batch size is needed.")
    shown = state["shown_batch"]
    if shown not in batches:
        shown = largest(batches)
    return changed(asked(state, batches=batches), shown_batch=shown)


def _typed_batches(state, event):
    """Further batch sizes: whole numbers, apart from each other by commas or spaces."""
    batches = list(state["request"]["batches"])
    for part in event["text"].replace(",", " ").split():
        if not part.lstrip("-").isdigit():
            return with_error(
                state,
                "batch '{}' is not a whole number".format(part),
                "Batch sizes",
                "write whole numbers, such as 1, 8, 32",
            )
        if int(part) not in batches:
            batches.append(int(part))
    return asked(state, batches=sorted(batches))


def _toggled_precision(state, event):
    chosen = _toggled(state["request"]["precisions"], event["id"], state["catalog"]["precisions"])
    if not chosen:
        return changed(state, notice="At least one precision is needed.")
    return asked(state, precisions=chosen)


def _toggled_runtime(state, event):
    order = [runtime["id"] for runtime in state["catalog"]["runtimes"]]
    chosen = _toggled(state["request"]["runtimes"], event["id"], order)
    if not chosen:
        return changed(state, notice="At least one runtime is needed.")
    return asked(state, runtimes=chosen)


def _set_dim(state, event):
    text = event["text"].strip()
    dims = dict(state["request"]["dims"])
    if not text:
        dims.pop(event["symbol"], None)
    elif text.isdigit() and int(text) > 0:
        dims[event["symbol"]] = int(text)
    else:
        return with_error(
            state,
            "{} is '{}', which is not a size".format(event["symbol"], text),
            "Inputs, {}".format(event["symbol"]),
            "write a whole number of at least 1, or nothing for the guess",
        )
    return asked(state, dims=dims)


def _set_load(state, event):
    """Tokens of each request, what the cache is kept in, or the number of steps."""
    name, text = event["field"], event["text"].strip().replace(",", "")
    if name == "kv_precision":
        return asked(state, kv_precision=text)
    if not text:
        return asked(state, **{name: USUAL[name]})
    if text.isdigit() and int(text) > 0:
        return asked(state, **{name: int(text)})
    label = name.replace("_", " ")
    return with_error(
        state,
        "{} is '{}', which is not a number of them".format(label, text),
        "Each request, {}".format(label),
        "write a whole number of at least 1, or nothing for {}".format(
            USUAL[name] or "the usual number"
        ),
    )


def asked(state, **fields):
    """The state with some fields of its request replaced."""
    return changed(state, request=changed(state["request"], **fields), notice="")


def _toggled(values, value, order):
    """A list with a value added or taken out, in the order of ``order``."""
    kept = [item for item in values if item != value]
    if len(kept) == len(values):
        kept.append(value)
    known = [item for item in order if item in kept]
    return known + [item for item in kept if item not in known]


def with_error(state, what, where, fix):
    """The state with a mistake of what was typed."""
    error = {"code": "request", "what": what, "where": where, "fix": fix}
    return changed(state, error=error)


CHOICES = {
    "model_chosen": _chose_model,
    "model_removed": _removed_model,
    "model_adding": _adding,
    "table_toggled": _with_table,
    "model_typed": _typed_model,
    "model_moved": _moved_in_models,
    "model_closed": _closed_models,
    "gpu_toggled": _toggled_gpu,
    "gpu_typed": _typed_gpu,
    "batch_toggled": _toggled_batch,
    "batches_typed": _typed_batches,
    "precision_toggled": _toggled_precision,
    "runtime_toggled": _toggled_runtime,
    "dim_set": _set_dim,
    "load_set": _set_load,
}
