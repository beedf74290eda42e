"""The models that are compared -> their cards, the search for another, the free dimensions."""

from web.models import MOST_MODELS, about_model, model_name
from web.query import free_dims, group_of, is_address, is_on_hub, model_choices
from web.served import generates, kind_of
from web.text import count, escaped, file_size, grouped, percent


def model_list(state):
    """Options of the model search, grouped by task; empty while it is closed."""
    if not state["model_open"]:
        return ""
    if is_address(state["model_filter"]):
        return _address_option(state["model_filter"].strip())
    choices = model_choices(state)
    if not choices:
        return "<p class='none'>No built-in model of that name. Your own ONNX file works too.</p>"
    parts = []
    group, is_search = None, bool(state["model_filter"].strip())
    for place, model in enumerate(choices):
        shelf = "{}: {}".format(group_of(model), model.get("task", ""))
        if not is_search and shelf != group:
            group = shelf
            parts.append("<div class='task' role='presentation'>{}</div>".format(escaped(shelf)))
        parts.append(_model_option(model, place == state["model_active"], state, is_search))
    return "".join(parts)


def _address_option(typed):
    what, how = "Read this address", "only its graph"
    if is_on_hub(typed):
        what, how = "Read it from Hugging Face", "no weights: its configuration"
    return (
        "<div role='option' id='model-address' class='option active' aria-selected='false' "
        "data-do='address'><span>{}</span><small>{}</small></div>"
    ).format(what, how)


def _model_option(model, is_active, state, is_search):
    chosen = model["id"] in state["request"]["models"]
    return (
        "<div role='option' id='model-{id}' class='option{active}' aria-selected='{chosen}' "
        "data-do='model' data-id='{id}'><span>{name}</span><small>{size}</small></div>"
    ).format(
        id=escaped(model["id"]),
        active=" active" if is_active else "",
        chosen="true" if chosen else "false",
        name=escaped(model["name"]),
        size=_model_size(model, is_search),
    )


def _model_size(model, has_task):
    """Size, and the task where no shelf says it."""
    parts = [escaped(model.get("task", "")) if has_task else ""]
    if model.get("parameters"):
        parts.append(count(model["parameters"]))
    return " · ".join(part for part in parts if part)


def model_cards(state):
    """Each model that is compared: where it comes from and what it is made of."""
    models = state["request"]["models"]
    return "".join(_card(state, model, place, len(models)) for place, model in enumerate(models))


def _card(state, model, place, several):
    document = inspected(state, model)
    name = escaped(model_name(state, model))
    remove = ""
    if several > 1:
        remove = (
            "<button type='button' class='quiet remove' id='remove-model-{0}' "
            "data-do='model-remove' data-id='{1}' aria-label='Take {2} out of the comparison' "
            "title='Take it out'>×</button>"
        ).format(place, escaped(model), name)
    facts = _facts(document)
    return (
        "<div class='model-card'><p class='chosen'><strong>{}</strong>{}<span>{}</span></p>"
        "{}{}{}</div>"
    ).format(
        name,
        remove,
        escaped(about_model(state, model)),
        "<p class='made-of'>{}</p>".format(" · ".join(facts)) if facts else "",
        _read_of_file(state, model, document),
        _operators(document, place) + _approximations(document),
    )


def _facts(document):
    if document is None:
        return []
    facts = []
    if document["model"]["nodes"]:
        facts.append("{} nodes".format(grouped(document["model"]["nodes"])))
    if document["parameters"]:
        facts.append("{} parameters".format(count(document["parameters"])))
    if document["macs"]:
        facts.append("{} MACs".format(count(document["macs"])))
    return facts


def inspected(state, model):
    """What is known of a model, or None while it is not."""
    held = state["inspections"].get(model)
    return None if held is None else held["document"]


def _read_of_file(state, model, document):
    if model not in state["files"] or document is None:
        return ""
    if document.get("notes") is not None:
        said = "; ".join(
            ["Described by its configuration: no weights were read"] + document["notes"]
        )
        return "<p class='private'>{}.</p>".format(escaped(said))
    read, total = document["model"]["bytes_read"], document["model"]["bytes_total"]
    return "<p class='private'>Read {} of {} in this tab: the graph, not the weights.</p>".format(
        file_size(read), file_size(total)
    )


def _operators(document, place):
    if document is None or not document["operators"]:
        return ""
    rows = "".join(
        "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>".format(
            escaped(entry["op"]), grouped(entry["launches"]), percent(entry["share"])
        )
        for entry in document["operators"]
    )
    return (
        "<details class='operators' id='operators{}'><summary>Its arithmetic by kernel</summary>"
        "<table class='figures'><thead><tr><th scope='col'>Kernel</th><th scope='col'>Launches"
        "</th><th scope='col'>FLOPs</th></tr></thead><tbody>{}</tbody></table></details>"
    ).format("" if place == 0 else place, rows)


def _approximations(document):
    if document is None or not document["approximate"]:
        return ""
    amount = document["approximate"]
    lines = [
        "<li>{}, {}: {}</li>".format(
            escaped(item["op"]), escaped(item["node"]), escaped(item["reason"])
        )
        for item in document["examples"]
    ]
    if amount > len(lines):
        lines.append("<li>and {} more</li>".format(grouped(amount - len(lines))))
    return (
        "<details class='approximate'><summary>{} approximated</summary><ul>{}</ul></details>"
    ).format("1 node is" if amount == 1 else "{} nodes are".format(grouped(amount)), "".join(lines))


def model_adder(state):
    """The way to a second model, and out of it again."""
    if len(state["request"]["models"]) >= MOST_MODELS:
        return ""
    if not state["adding"]:
        return (
            "<button type='button' class='link beside-it' id='model-add' data-do='model-add'>"
            "Hold another model against it</button>"
        )
    return (
        "<p class='adding' role='status'>Choose the second model below, or drop its file. "
        "<button type='button' class='link' id='model-add' data-do='model-add'>Leave it at one"
        "</button></p>"
    )


def dim_fields(state):
    """A labelled field for each free dimension but the batch, with its guess."""
    fields, seen = [], []
    for model in state["request"]["models"]:
        # Those of a model that generates tokens follow from prompt and output.
        document = None if generates(kind_of(state, model)) else inspected(state, model)
        for dim in free_dims(document) if document else []:
            if not dim["is_batch"] and dim["symbol"] not in seen:
                seen.append(dim["symbol"])
                fields.append(_dim_field(dim, state["request"]["dims"].get(dim["symbol"])))
    if not fields:
        return ""
    return "<p class='label'>Free dimensions</p><div class='dims'>{}</div>".format("".join(fields))


def _dim_field(dim, given):
    return (
        "<label class='dim'><span class='symbol'>{id}</span>"
        "<input type='text' inputmode='numeric' autocomplete='off' id='dim-{id}' "
        "data-do='dim' data-symbol='{id}' value='{given}' placeholder='{guess}' "
        "aria-describedby='why-{id}'><small id='why-{id}'>{why}</small></label>"
    ).format(
        id=escaped(dim["symbol"]),
        given="" if given is None else given,
        guess=dim["value"],
        why=escaped(dim["why"]),
    )
