"""State -> the HTML of each region of the page, by the id of its element.

The page puts in place what has changed; the build writes the first of them into
index.html, so that a finished comparison is there before any script runs.
"""

from web import chart, curve, model_panel, panel, table
from web.models import model_name, own_files, short_model
from web.query import coming_cells, is_stale, names, shown_cells
from web.served import METRICS as SERVED_METRICS
from web.served import all_generate, has_served, kind_of, load_fields, served_verdict
from web.share import difference
from web.stream import awaited
from web.text import capital, escaped
from web.verdict import summary, verdict
from web.versus import difference_card, versus

FIX_LABEL = "What to do"
EMPTY_TABLE = "<p class='empty'>Choose a model and at least one GPU.</p>"

READ_SHARED = "read-shared"
"""Id of the button that reads a link's model of Hugging Face."""


def regions(state, width):
    """HTML by element id.

    Args:
        state: The page's.
        width: Of the chart, in pixels.
    """
    result, catalog, request = state["result"], state["catalog"], state["request"]
    drawn = (result, state["curve"], state["metric"], catalog, width, state["curve_of"])
    shown = (
        result, state["shown_batch"], state["sort"], state["baseline"], catalog, state["files"],
        state["coming"], state["chosen"],
    )  # fmt: skip
    found = {
        "engine": engine_line(state),
        "summary": escaped(_summary(state)),
        "models": model_panel.model_list(state),
        "model": model_panel.model_cards(state),
        "model-adder": model_panel.model_adder(state),
        "dims": model_panel.dim_fields(state),
        "gpus": _kept(
            "gpus",
            (catalog, request, state["gpu_filter"]),
            lambda: panel.gpu_list(state),
        ),
        "gpu-count": panel.gpu_count(state),
        "batches": panel.batch_chips(state),
        "precisions": panel.precision_chips(state),
        "runtimes": panel.runtime_chips(state),
        "error": error_box(state["error"] or _engine_error(state["engine"])),
        "notice": escaped(state["notice"]),
        "kicker": _kicker(state),
        "batch-tabs": _batch_tabs(state),
        "progress": progress_line(state),
        "curve": _kept("curve", drawn, lambda: curve.curve_chart(state, width)),
        "curve-figures": _kept("curve-figures", drawn, lambda: curve.curve_table(state)),
        "curve-choices": curve.curve_choices(state),
        "differences": _kept("differences", (state["differences"], result), lambda: _apart(state)),
        "share-options": _share_options(state),
        "metrics": _metric_tabs(state),
        "load": load_fields(state),
        "batch-title": "Requests at once" if all_generate(state) else "Batch sizes",
        "curve-heading": "Against requests at once"
        if state["metric"] in SERVED_METRICS
        else "Against batch size",
    }
    found.update(_kept("answer", shown, lambda: _answer(state)))
    return found


_LAST = {}


def _kept(name, inputs, make):
    """What ``make`` gave last time, while its inputs are the very same objects.

    A region is a pure function of its inputs, and a state shares with the one
    before all that an event left alone; drawing what did not change is what
    would keep the page from answering a key at once.
    """
    last = _LAST.get(name)
    if last is not None and all(
        now is before or (isinstance(now, (str, int)) and now == before)
        for now, before in zip(inputs, last[0])
    ):
        return last[1]
    made = make()
    _LAST[name] = (inputs, made)
    return made


def _answer(state):
    """The sentence and the table that it belongs to."""
    coming = coming_cells(state)
    request = _answered(state)["request"] if coming is None else state["request"]
    cells = shown_cells(state) if coming is None else coming
    places = [] if coming is None else awaited(cells, request, state["shown_batch"])
    gpus = {gpu["id"]: gpu for gpu in state["catalog"]["gpus"]}
    models = [(model, short_model(state, model)) for model in request["models"]]
    able = any(cell["latency_ms"] for cell in cells)
    if places and not cells:
        name = escaped(model_name(state, request["models"][0]))
        answer = {"headline": "{} is being worked out.".format(name), "reason": "", "best": None}
    elif len(models) == 2 and not places:
        answer = versus(cells, gpus, models, state["chosen"])
    elif has_served(cells) and able:
        first = request["models"][0]
        kind = kind_of(state, first)
        answer = served_verdict(cells, gpus, model_name(state, first), request, kind)
    else:
        answer = verdict(cells, gpus, model_name(state, request["models"][0]))
    rows = table.comparison_table(
        cells, gpus, state["sort"], state["baseline"], answer["best"], dict(models), places
    )
    return {
        "headline": answer["headline"],
        "reason": answer["reason"],
        "table": rows if cells or places else EMPTY_TABLE,
    }


def _apart(state):
    """Where two models differ, while the comparison that is shown has two."""
    told, result = state["differences"], state["result"]
    if told is None or result is None or told["request"]["models"] != result["request"]["models"]:
        return ""
    gpus = {gpu["id"]: gpu for gpu in state["catalog"]["gpus"]}
    models = {model: short_model(state, model) for model in result["request"]["models"]}
    return difference_card(told["document"], models, gpus)


def _share_options(state):
    """Whether a model of one's own travels along, where there is one."""
    if not own_files(state):
        return ""
    return (
        "<label class='with-table' title='What each kernel computes and moves, and how often it "
        "is launched; never weights, names of layers or of the file'>"
        "<input type='checkbox' id='share-table' data-do='share-table'{}> with its kernel table"
        "</label>"
    ).format(" checked" if state["with_table"] else "")


def _answered(state):
    """The state with the request that the result answers, which may be an earlier one."""
    if state["result"] is None:
        return state
    copy = dict(state)
    copy["request"] = state["result"]["request"]
    return copy


def _summary(state):
    models = {model: model_name(state, model) for model in state["request"]["models"]}
    return summary(state["request"], models, names(state["catalog"]["runtimes"]))


def engine_line(state):
    """One line on the engine: loading, live, or why it cannot start."""
    phase, text = state["engine"]["phase"], state["engine"]["text"]
    if phase == "ready":
        return "<span class='lamp on'></span>Engine live"
    if phase == "failed":
        return "<span class='lamp off'></span>Engine not running"
    return "<span class='lamp'></span>{}".format(escaped(text or "Starting the Python engine"))


def progress_line(state):
    """What is going on, beside the result it is about."""
    if state["work"]:
        return (
            "<span class='busy'></span>{}"
            "<button type='button' class='quiet stop' id='stop' data-do='restart'>Stop</button>"
        ).format(escaped(state["work"]))
    if state["error"] is not None and is_stale(state):
        return "These are the figures of the last comparison that worked."
    if is_stale(state):
        if state["engine"]["phase"] == "loading":
            return (
                "<span class='busy'></span>Waiting for the engine; figures below are the last ones"
            )
        return ""
    said = difference(state)
    if said:
        return escaped(said)
    if state["made"] == "build":
        return "Computed when the page was built"
    return "Computed in this tab"


def error_box(error):
    """An error as the command line prints it: what, where, fix; a press where that is the fix."""
    if error is None:
        return ""
    read = ""
    if error.get("read"):
        read = (
            "<button type='button' class='read' id='{}' data-do='read-shared' data-id='{}'>"
            "Read it from Hugging Face</button>"
        ).format(READ_SHARED, escaped(error["read"]))
    return (
        "<div class='error'><h2>{what}</h2><dl><div><dt>Where</dt><dd>{where}</dd></div>"
        "<div><dt>{label}</dt><dd>{fix}</dd></div></dl>"
        "{read}<button type='button' class='quiet' id='{act}' data-do='{act}'>{press}</button>"
        "</div>"
    ).format(
        read=read,
        act="restart" if error["code"] == "engine" else "dismiss",
        press="Restart the engine" if error["code"] == "engine" else "Dismiss",
        what=escaped(capital(error["what"])),
        where=escaped(error["where"]),
        fix=escaped(capital(error["fix"])),
        label=FIX_LABEL,
    )


def _engine_error(engine):
    if engine["phase"] != "failed":
        return None
    return {
        "code": "engine",
        "what": "the Python engine is not running: {}".format(engine["text"]),
        "where": "this browser",
        "fix": "restart it, or use a browser of the last two years with WebAssembly allowed; "
        "what was computed when the page was built stays usable",
    }


def _kicker(state):
    answered = _answered(state)
    request = answered["request"]
    runtimes = names(state["catalog"]["runtimes"])
    return escaped(
        " · ".join(
            (
                " and ".join(short_model(answered, model) for model in request["models"])
                if len(request["models"]) > 1
                else model_name(answered, request["models"][0]),
                ", ".join(request["precisions"]),
                ", ".join(runtimes.get(runtime, runtime) for runtime in request["runtimes"]),
                "{} at once".format(state["shown_batch"])
                if all_generate(answered)
                else "batch {}".format(state["shown_batch"]),
            )
        )
    )


def _batch_tabs(state):
    if state["result"] is None:
        return ""
    batches = sorted({cell["batch"] for cell in state["result"]["comparison"]["cells"]})
    if len(batches) < 2:
        return ""
    label = "At once" if all_generate(_answered(state)) else "Batch"
    return "<span class='label' id='batch-label'>{}</span>".format(label) + "".join(
        _tab("show-batch", batch, str(batch), batch == state["shown_batch"]) for batch in batches
    )


def _metric_tabs(state):
    return "".join(
        _tab("metric", key, chart.METRICS[key]["name"], key == state["metric"])
        for key in (
            SERVED_METRICS
            if state["metric"] in SERVED_METRICS
            else ("throughput_per_s", "latency_ms")
        )
    )


def _tab(kind, value, label, is_on):
    return (
        "<button type='button' class='tab' id='{kind}-{value}' data-do='{kind}' data-id='{value}' "
        "aria-pressed='{on}'>{label}</button>"
    ).format(kind=kind, value=value, label=label, on="true" if is_on else "false")
