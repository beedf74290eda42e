"""What can be chosen -> the controls: GPUs, batches, precisions, runtimes."""

from web.chart import swatch
from web.choose import MOST_GPUS
from web.query import BATCH_CHOICES, gpu_choices, offered_runtimes
from web.text import escaped, exact, grouped, short_name


def gpu_list(state):
    """A checkbox for each GPU, with the figures one chooses by."""
    chosen = state["request"]["gpus"]
    full = len(chosen) >= MOST_GPUS
    items = [_gpu_item(gpu, chosen, full) for gpu in gpu_choices(state)]
    if not items:
        return "<p class='none'>No GPU of that name.</p>"
    return "".join(items)


def _gpu_item(gpu, chosen, full):
    is_chosen = gpu["id"] in chosen
    return (
        "<div class='gpu-row'><label class='gpu'>"
        "<input type='checkbox' id='gpu-{id}' data-do='gpu' data-id='{id}'"
        "{checked}{disabled}><span class='gpu-name'>{name}{swatch}{badge}</span>"
        "<small>{memory} GB · {rate} GB/s</small></label>{edit}</div>"
    ).format(
        id=escaped(gpu["id"]),
        checked=" checked" if is_chosen else "",
        disabled=" disabled" if full and not is_chosen else "",
        name=escaped(short_name(gpu["name"])),
        swatch=swatch(chosen.index(gpu["id"])) if is_chosen else "",
        badge=" <span class='badge custom'>custom</span>" if gpu.get("custom") else "",
        edit=_edit_button(gpu) if is_chosen or gpu.get("custom") else "",
        memory=exact(gpu["memory_gb"]),
        rate=grouped(gpu["bandwidth_gb_per_s"]),
    )


def _edit_button(gpu):
    return (
        "<button type='button' class='quiet edit' id='edit-{0}' data-do='profile-edit' "
        "data-id='{0}' aria-label='Edit the profile of {1}' "
        "title='Its figures as a text that you can change'>Edit</button>"
    ).format(escaped(gpu["id"]), escaped(short_name(gpu["name"])))


def gpu_count(state):
    """How many of the most GPUs are chosen."""
    return "{} of {}".format(len(state["request"]["gpus"]), MOST_GPUS)


def batch_chips(state):
    """A toggle for each usual batch size and each other one that was typed."""
    chosen = state["request"]["batches"]
    choices = sorted(set(BATCH_CHOICES) | set(chosen))
    return "".join(_chip("batch", str(batch), str(batch), batch in chosen) for batch in choices)


def precision_chips(state):
    """A toggle for each precision."""
    chosen = state["request"]["precisions"]
    return "".join(
        _chip("precision", name, name, name in chosen) for name in state["catalog"]["precisions"]
    )


def runtime_chips(state):
    """A toggle for each runtime that serves this kind of model."""
    chosen = state["request"]["runtimes"]
    return "".join(
        _chip("runtime", runtime["id"], runtime["name"], runtime["id"] in chosen)
        for runtime in offered_runtimes(state)
    )


def _chip(kind, value, label, is_on):
    return (
        "<button type='button' class='chip' id='{kind}-{value}' data-do='{kind}' "
        "data-id='{value}' aria-pressed='{on}'>{label}</button>"
    ).format(kind=kind, value=escaped(value), label=escaped(label), on="true" if is_on else "false")
