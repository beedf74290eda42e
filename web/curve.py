"""The chart against batch size: of which model, precision and runtime, its series and table."""

from web import chart
from web.models import short_model
from web.query import CURVE_AXES, curve_choice, names
from web.text import escaped, short_name

LABELS = {"model": "Model", "precision": "Precision", "runtime": "Runtime"}


def curve_choices(state):
    """A list to choose from for each axis that the comparison has several of."""
    if state["result"] is None:
        return ""
    runtimes = names(state["catalog"]["runtimes"])
    request, chosen = state["request"], curve_choice(state)
    parts = []
    for axis, field in CURVE_AXES:
        if len(request[field]) < 2:
            continue
        options = []
        for value in request[field]:
            name = value
            if axis == "model":
                name = short_model(state, value)
            elif axis == "runtime":
                name = runtimes.get(value, value)
            options.append(
                "<option value='{}'{}>{}</option>".format(
                    escaped(value), " selected" if value == chosen[axis] else "", escaped(name)
                )
            )
        parts.append(
            "<label class='pick'><span>{}</span><select id='curve-{}' data-do='curve-axis' "
            "data-axis='{}'>{}</select></label>".format(LABELS[axis], axis, axis, "".join(options))
        )
    return "".join(parts)


def curve_series(state):
    """Series of the chart: the GPUs of the result at the chosen model, precision and runtime."""
    if state["result"] is None:
        return []
    request = state["result"]["request"]
    gpu_names = names(state["catalog"]["gpus"])
    chosen = shown_choice(state)
    cells = [cell for cell in curve_cells(state) if cell["model"] == chosen["model"]]
    return chart.series_of(
        cells,
        [(gpu, short_name(gpu_names.get(gpu, gpu))) for gpu in request["gpus"]],
        state["metric"],
        chosen["precision"],
        chosen["runtime"],
    )


def shown_choice(state):
    """What of the result the chart shows: the choice, as far as the result has it."""
    request, chosen = state["result"]["request"], curve_choice(state)
    for axis, field in CURVE_AXES:
        if chosen[axis] not in request[field]:
            chosen[axis] = request[field][0]
    return chosen


def curve_cells(state):
    """The cells behind the chart: at many batches, or those of the result until these are there."""
    result, curve = state["result"], state["curve"]
    if curve is not None and _is_curve_of(curve["request"], result["request"], shown_choice(state)):
        return curve["cells"]
    return result["comparison"]["cells"]


def _is_curve_of(curve, request, chosen):
    """Whether a curve is of a request, at the choice that is made."""
    return (
        all(curve[key] == request[key] for key in ("gpus", "profiles"))
        and all(curve[field] == [chosen[axis]] for axis, field in CURVE_AXES)
        and (len(request["models"]) > 1 or curve["dims"] == request["dims"])
    )


def curve_chart(state, width):
    """The chart."""
    if state["result"] is None:
        return ""
    return chart.batch_curve(curve_series(state), state["metric"], width)


def curve_table(state):
    """The same figures as a table."""
    if state["result"] is None:
        return ""
    return chart.curve_table(curve_series(state), state["metric"])
