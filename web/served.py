"""Language models as they are served, and images made in steps: columns, sentence, what is asked.

A cell of a model that generates tokens has ``serving``: the time to first token (TTFT), the time
per output token (TPOT), tokens per second, the cache. Runs in MicroPython and CPython.
"""

from web.text import board_gb, duration, escaped, exact, figure, grouped, short_name

COLUMNS = (
    ("gpu", "GPU"),
    ("ttft_ms", "First token"),
    ("tpot_ms", "Per token"),
    ("tokens_per_s", "Tokens/s"),
    ("memory_bytes", "Memory"),
    ("bound", "Bound by"),
    ("basis", "Basis"),
)
"""Of the table; the first key of each is what it sorts by."""

CSV_COLUMNS = (
    "ttft_ms", "ttft_low_ms", "ttft_high_ms", "tpot_ms", "tpot_low_ms", "tpot_high_ms",
    "tokens_per_s", "tokens_per_s_per_user", "requests_per_s", "kv_bytes", "kv_bytes_per_token",
    "weight_bytes", "largest_batch",
)  # fmt: skip
"""As `compare --csv` has them besides."""

METRICS = ("tokens_per_s", "tpot_ms", "ttft_ms")
"""What the curve of such a model shows."""

USUAL = {"prompt_tokens": 1024, "output_tokens": 256, "kv_precision": "fp16", "steps": 0}
"""What a request means by what it leaves out."""

KV_PRECISIONS = ("fp16", "fp8", "int8")

LANGUAGE_RUNTIME = "vllm"
"""What serves a language model where nothing else was chosen."""


def has_served(cells):
    """Whether these are cells of models that generate tokens."""
    return bool(cells) and all(cell.get("serving") for cell in cells)


def sort_value(cell, key):
    """What a cell is sorted by, None where it has no such figure."""
    value = cell.get(key)
    if value is None and cell.get("serving"):
        value = cell["serving"].get(key)
    return value


TOKENS = ("tokens", "words", "sound")
"""What is asked of models that generate tokens: of prompts, of a text for an encoder, or of half a
minute of sound."""

ALL_KINDS = TOKENS + ("steps",)  # noqa: RUF005 (MicroPython has no other way)
"""All that may be asked."""

SERVED_AS_LANGUAGE = ("tokens", "sound")
"""Those of them that servers of language models take."""

SOUND_S = 30
"""That a model of sound hears in each request: Whisper's encoder takes that much, and no other."""


def generates(kind):
    """Whether a model of which this is asked generates tokens."""
    return kind in TOKENS


def all_generate(state):
    """Whether all models of the request generate tokens."""
    kinds = asks(state)
    return bool(kinds) and all(generates(kind) for kind in kinds)


def kind_of(state, model):
    """What is asked of a model: one of `TOKENS`, ``"steps"``, or nothing where it is one pass."""
    for entry in state["catalog"]["models"]:
        if entry["id"] == model:
            return entry.get("asks", "")
    held = state["inspections"].get(model)
    return held["document"].get("asks", "") if held else ""


def asks(state):
    """Likewise of all models of the request."""
    found = [kind_of(state, model) for model in state["request"]["models"]]
    return [kind for kind in ALL_KINDS if kind in found]


def load_fields(state):
    """What every request to the model is: fields for tokens or steps; empty for one pass."""
    request, parts = state["request"], []
    kinds = asks(state)
    if "tokens" in kinds or "words" in kinds:
        parts.append(_number("prompt_tokens", "Prompt tokens", request))
    if any(generates(kind) for kind in kinds):
        parts.append(_number("output_tokens", "Output tokens", request))
        parts.append(_kv(request))
    if "steps" in kinds:
        parts.append(_number("steps", "Steps", request))
    if not parts:
        return ""
    return "<h3 id='load-title'>Each request</h3><div class='load'>{}</div>".format("".join(parts))


def _number(name, label, request):
    value, usual = request[name], USUAL[name]
    return (
        "<label class='load-field'><span>{label}</span><input type='text' inputmode='numeric' "
        "autocomplete='off' id='load-{name}' data-do='load' data-field='{name}' value='{value}' "
        "placeholder='{usual}'></label>"
    ).format(
        label=label,
        name=name,
        value="" if value == usual else value,
        usual=usual or "the usual number",
    )


def _kv(request):
    options = "".join(
        "<option value='{0}'{1}>{0}</option>".format(
            name, " selected" if name == request["kv_precision"] else ""
        )
        for name in KV_PRECISIONS
    )
    return (
        "<label class='load-field'><span>KV cache</span><select id='load-kv_precision' "
        "data-do='load' data-field='kv_precision'>{}</select></label>"
    ).format(options)


def load_words(request, kind="tokens"):
    """What every request is, in words.

    >>> usual = {"prompt_tokens": 1024, "output_tokens": 256, "kv_precision": "fp16"}
    >>> load_words(usual)
    '1,024 tokens in, 256 out, fp16 cache'
    >>> load_words(usual, "sound")
    '30 s of sound in, 256 tokens out, fp16 cache'
    """
    out, cache = grouped(request["output_tokens"]), request["kv_precision"]
    if kind == "sound":
        return "{} s of sound in, {} tokens out, {} cache".format(SOUND_S, out, cache)
    return "{} tokens in, {} out, {} cache".format(grouped(request["prompt_tokens"]), out, cache)


def served_cells(cell, several, ends):
    """The cells of a row that stand in the place of latency, throughput and memory.

    Args:
        cell: Of the comparison.
        several: Not used; what the table knows of all rows.
        ends: The longest TTFT and TPOT of all rows, for the bars.
    """
    given = cell["serving"]
    return "".join(
        (
            _time_cell("ttft_ms", "First token", given, "ttft", ends[0]),
            _time_cell("tpot_ms", "Per token", given, "tpot", ends[1]),
            _cell(
                "tokens_per_s",
                "Tokens/s",
                "<span class='main'><data value='{}'>{}</data></span>"
                "<span class='bounds'><data value='{}'>{}</data> each user</span>".format(
                    exact(given["tokens_per_s"]),
                    figure(given["tokens_per_s"]),
                    exact(given["tokens_per_s_per_user"]),
                    figure(given["tokens_per_s_per_user"]),
                ),
            ),
            _memory(cell),
        )
    )


def longest(cells):
    """The ends of the longest intervals of TTFT and TPOT."""
    ends = []
    for key in ("ttft_high_ms", "tpot_high_ms"):
        values = [cell["serving"][key] for cell in cells if cell["serving"][key]]
        ends.append(max(values) if values else 1)
    return ends


def _time_cell(key, label, given, name, end):
    low, high = given[name + "_low_ms"], given[name + "_high_ms"]
    content = (
        "<span class='main'><span class='amount'><data value='{}'>{}</data></span></span>"
        "<span class='bounds'><data value='{}'>{}</data> to <data value='{}'>{}</data></span>"
        "<span class='range' style='--low:{:.2f}%;--high:{:.2f}%;--at:{:.2f}%' aria-hidden='true'>"
        "</span>"
    ).format(
        exact(given[key]), duration(given[key]) if given[key] else "none",
        exact(low), figure(low), exact(high), duration(high) if high else "",
        100 * low / end, 100 * high / end, 100 * given[key] / end,
    )  # fmt: skip
    return _cell(key, label, content)


def _memory(cell):
    given = cell["serving"]
    share = cell["memory_bytes"] / max(cell["memory_limit_bytes"], 1)
    content = (
        "<span class='main'><data value='{}'>{}</data><small> of {} GB</small></span>"
        "<span class='meter' style='--at:{:.2f}%' aria-hidden='true'></span>"
        "<span class='bounds'>{} GB cache · up to {} at once</span>"
    ).format(
        exact(cell["memory_bytes"]),
        board_gb(cell["memory_bytes"]),
        board_gb(cell["memory_limit_bytes"]),
        min(100, 100 * share),
        board_gb(given["kv_bytes"]),
        grouped(given["largest_batch"]),
    )
    return _cell("memory_bytes", "Memory", content)


def _cell(key, label, content):
    return "<td role='cell' class='col-{}' data-label='{}'>{}</td>".format(key, label, content)


def served_verdict(cells, gpus, model_name, request, kind="tokens"):
    """Which GPU gives the most tokens, and what each user gets.

    Args:
        cells: Of one model at one concurrency.
        gpus: Catalogue entries by id.
        model_name: For people.
        request: What was asked.
        kind: Of the model, see `kind_of`.

    Returns:
        ``headline``, ``reason`` and ``best``, as `web.verdict.verdict`.
    """
    able = [cell for cell in cells if cell["problem"] is None and cell["latency_ms"]]
    ranked = sorted(able, key=lambda cell: -cell["serving"]["tokens_per_s"])
    best = ranked[0]
    given = best["serving"]
    users = "its user" if best["batch"] == 1 else "each of {} users".format(best["batch"])
    rivals = [cell for cell in ranked if cell["gpu"] != best["gpu"]]
    close = []
    for cell in rivals:
        if cell["latency_low_ms"] <= best["latency_high_ms"] and cell["gpu"] not in close:
            close.append(cell["gpu"])
    headline = (
        "<strong>{gpu}</strong> {verb} {model} fastest: "
        "<strong>{rate} tokens/s</strong> for {users}, "
        "<span class='nobreak'>likely {low} to {high}</span>, "
        "<span class='nobreak'>the first after {first}</span>."
    ).format(
        gpu=escaped(_name(gpus, best["gpu"])),
        verb="should serve" if close else "serves",
        model=escaped(model_name),
        rate=figure(given["tokens_per_s_per_user"]),
        users=users,
        low=figure(1000 / given["tpot_high_ms"]) if given["tpot_high_ms"] else "–",
        high=figure(1000 / given["tpot_low_ms"]) if given["tpot_low_ms"] else "–",
        first=duration(given["ttft_ms"]),
    )
    reason = _reason(best, rivals, close, cells, gpus, load_words(request, kind))
    return {"headline": headline, "reason": reason, "best": best}


def _reason(best, rivals, close, cells, gpus, load):
    parts = ["With {}.".format(load)]
    if rivals:
        parts.append(
            "{} times the tokens of the {}.".format(
                figure(best["serving"]["tokens_per_s"] / rivals[0]["serving"]["tokens_per_s"]),
                escaped(_name(gpus, rivals[0]["gpu"])),
            )
        )
    if close:
        parts.append(
            "Too close to call against {}: the intervals overlap.".format(
                escaped(", ".join(_name(gpus, gpu) for gpu in close))
            )
        )
    running = [cell["gpu"] for cell in cells if cell["problem"] is None]
    failing = []
    for cell in cells:
        if cell["gpu"] not in running and cell["gpu"] not in failing:
            failing.append(cell["gpu"])
    if failing:
        parts.append(
            "{} cannot serve it like this; the table says what would.".format(
                escaped(", ".join(_name(gpus, gpu) for gpu in failing))
            )
        )
    return " ".join(parts)


def _name(gpus, gpu):
    return short_name(gpus[gpu]["name"]) if gpu in gpus else gpu


def curve_point(cell, metric):
    """A point of the curve of such a model: concurrency, figure, low, high."""
    given = cell["serving"]
    if metric == "tokens_per_s":
        rate, whole = given["tokens_per_s"], cell["latency_ms"]
        return (
            cell["batch"],
            rate,
            rate * whole / cell["latency_high_ms"],
            rate * whole / cell["latency_low_ms"],
        )
    stem = metric.replace("_ms", "")
    return (cell["batch"], given[metric], given[stem + "_low_ms"], given[stem + "_high_ms"])
