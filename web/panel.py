"""What can be chosen -> the controls: models, free dimensions, GPUs, batches, precisions."""

from web.chart import swatch
from web.choose import MOST_GPUS
from web.query import (
    BATCH_CHOICES,
    free_dims,
    gpu_choices,
    is_address,
    model_choices,
    offered_runtimes,
)
from web.text import count, escaped, exact, file_size, grouped, percent, short_name


def model_list(state):
    """Options of the model search, grouped by task; empty while it is closed."""
    if not state["model_open"]:
        return ""
    choices = model_choices(state)
    if not choices:
        if is_address(state["model_filter"]):
            return (
                "<div role='option' id='model-address' class='option active' "
                "aria-selected='false' data-do='address'><span>Read this address</span>"
                "<small>only its graph</small></div>"
            )
        return "<p class='none'>No built-in model of that name. Your own ONNX file works too.</p>"
    parts = []
    task = None
    for place, model in enumerate(choices):
        if model.get("task") != task:
            task = model.get("task")
            if task:
                parts.append("<div class='task' role='presentation'>{}</div>".format(escaped(task)))
        parts.append(_model_option(model, place == state["model_active"], state))
    return "".join(parts)


def _model_option(model, is_active, state):
    chosen = state["request"]["models"] == [model["id"]]
    return (
        "<div role='option' id='model-{id}' class='option{active}' aria-selected='{chosen}' "
        "data-do='model' data-id='{id}'><span>{name}</span><small>{size}</small></div>"
    ).format(
        id=escaped(model["id"]),
        active=" active" if is_active else "",
        chosen="true" if chosen else "false",
        name=escaped(model["name"]),
        size=_model_size(model),
    )


def _model_size(model):
    if model.get("parameters"):
        return "{} parameters".format(count(model["parameters"]))
    return ""


def model_card(state):
    """The model that is compared: where it comes from and what it is made of."""
    inspection = inspected(state)
    name, about = chosen_model(state)
    facts = []
    if inspection is not None:
        model = inspection["model"]
        facts.append("{} nodes".format(grouped(model["nodes"])))
        facts.append("{} parameters".format(count(inspection["parameters"])))
        if inspection["macs"]:
            facts.append("{} MACs".format(count(inspection["macs"])))
    return ("<p class='chosen'><strong>{}</strong><span>{}</span></p>{}{}{}").format(
        escaped(name),
        escaped(about),
        "<p class='made-of'>{}</p>".format(" · ".join(facts)) if facts else "",
        _read_of_file(state),
        _operators(inspection) + _approximations(inspection),
    )


def inspected(state):
    """What is known of the model that is chosen, or None while it is not."""
    inspection = state["inspection"]
    if inspection is None or inspection["request"]["models"] != state["request"]["models"]:
        return None
    return inspection["document"]


def chosen_model(state):
    """Name of the model that is compared, and a few words about it."""
    model = state["request"]["models"][0] if state["request"]["models"] else ""
    opened = state["file"]
    if opened is not None and opened["id"] == model:
        return opened["name"], "your file, {}".format(file_size(opened["size"]))
    for entry in state["catalog"]["models"]:
        if entry["id"] == model:
            return entry["name"], entry.get("task", "built in")
    return model, ""


def _read_of_file(state):
    opened, inspection = state["file"], inspected(state)
    if opened is None or inspection is None or state["request"]["models"] != [opened["id"]]:
        return ""
    model = inspection["model"]
    return "<p class='private'>Read {} of {} in this tab: the graph, not the weights.</p>".format(
        file_size(model["bytes_read"]), file_size(model["bytes_total"])
    )


def _operators(inspection):
    if inspection is None or not inspection["operators"]:
        return ""
    rows = "".join(
        "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>".format(
            escaped(entry["op"]), grouped(entry["launches"]), percent(entry["share"])
        )
        for entry in inspection["operators"]
    )
    return (
        "<details class='operators' id='operators'><summary>Its arithmetic by kernel</summary>"
        "<table class='figures'><thead><tr><th scope='col'>Kernel</th><th scope='col'>Launches"
        "</th><th scope='col'>FLOPs</th></tr></thead><tbody>{}</tbody></table></details>"
    ).format(rows)


def _approximations(inspection):
    if inspection is None or not inspection["approximate"]:
        return ""
    amount = inspection["approximate"]
    lines = [
        "<li>{}, {}: {}</li>".format(
            escaped(item["op"]), escaped(item["node"]), escaped(item["reason"])
        )
        for item in inspection["examples"]
    ]
    if amount > len(lines):
        lines.append("<li>and {} more</li>".format(grouped(amount - len(lines))))
    return (
        "<details class='approximate'><summary>{} approximated</summary><ul>{}</ul></details>"
    ).format("1 node is" if amount == 1 else "{} nodes are".format(grouped(amount)), "".join(lines))


def dim_fields(state):
    """A labelled field for each free dimension but the batch, with its guess."""
    inspection = inspected(state)
    if inspection is None:
        return ""
    fields = []
    for dim in free_dims(inspection):
        if dim["is_batch"]:
            continue
        given = state["request"]["dims"].get(dim["symbol"])
        fields.append(
            "<label class='dim'><span class='symbol'>{label}</span>"
            "<input type='text' inputmode='numeric' autocomplete='off' id='dim-{id}' "
            "data-do='dim' data-symbol='{id}' value='{given}' placeholder='{guess}' "
            "aria-describedby='why-{id}'><small id='why-{id}'>{why}</small></label>".format(
                label=escaped(dim["symbol"]),
                id=escaped(dim["symbol"]),
                given="" if given is None else given,
                guess=dim["value"],
                why=escaped(dim["why"]),
            )
        )
    if not fields:
        return ""
    return "<p class='label'>Free dimensions</p><div class='dims'>{}</div>".format("".join(fields))


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
