"""Cells of a comparison -> the rows people read, sort and pin."""

from web.choose import BESIDE
from web.served import COLUMNS as SERVED_COLUMNS
from web.served import CSV_COLUMNS as SERVED_CSV
from web.served import has_served, longest, served_cells
from web.text import (
    BOARD_GB_BYTES,
    architecture_name,
    board_gb,
    capital,
    escaped,
    exact,
    figure,
    short_name,
)

COLUMNS = (
    ("gpu", "GPU"),
    ("latency_ms", "Latency"),
    ("throughput_per_s", "Throughput"),
    ("memory_bytes", "Memory"),
    ("bound", "Bound by"),
    ("basis", "Basis"),
)

BOUND = {
    "compute": "arithmetic",
    "memory": "memory",
    "launch": "launches",
}

BASIS = {
    "calibrated": ("Calibrated", "Fitted to measurements made on this GPU"),
    "architecture": ("Architecture", "Fitted to measurements on other GPUs of its architecture"),
    "spec": ("Spec only", "Published figures and typical efficiency; nothing measured"),
}


def comparison_table(cells, gpus, sort, baseline, best, models=None, awaited=()):
    """The table.

    Args:
        cells: What is shown, in order.
        gpus: Catalogue entries by id.
        sort: ``{"key": column, "descending": bool}``.
        baseline: Id of the GPU that the rest is compared with, or ``""``; where there are several
            models, with `BESIDE` and the model behind it.
        best: The cell that wins, or None.
        models: Name of each model by id, where there are several.
        awaited: Cells that are being worked out, of which only the place is known.
    """
    served = has_served(cells)
    highs = [cell["latency_high_ms"] for cell in cells if cell["latency_high_ms"]]
    top = max(highs) if highs else 1
    several = {
        "precision": len({cell["precision"] for cell in cells}) > 1,
        "runtime": len({cell["runtime"] for cell in cells}) > 1,
    }
    pinned = _pinned(cells, baseline)
    several["models"] = models if models and len(models) > 1 else None
    several["baseline"] = baseline
    several["ends"] = longest(cells) if served else None
    rows = "".join(_row(cell, gpus, top, several, pinned, cell is best) for cell in cells)
    rows += "".join(_awaited_row(cell, gpus, several) for cell in awaited)
    return (
        "<table class='comparison' role='table'><caption class='unseen'>Predicted figures, "
        "one row for each GPU. The buttons in the header sort.</caption>"
        "<thead role='rowgroup'><tr role='row'>{}</tr></thead>"
        "<tbody role='rowgroup'>{}</tbody></table>"
    ).format(_head(sort, SERVED_COLUMNS if served else COLUMNS), rows)


def _pinned(cells, baseline):
    """The baseline's latency by precision and runtime."""
    gpu, _, model = baseline.partition(BESIDE)
    found = {}
    for cell in cells:
        if cell["gpu"] == gpu and model in ("", cell["model"]) and cell["latency_ms"]:
            found.setdefault((cell["precision"], cell["runtime"]), cell)
    return found


def pin_of(cell, has_several_models):
    """What a row is called as the one that the rest is compared with."""
    return cell["gpu"] + BESIDE + cell["model"] if has_several_models else cell["gpu"]


def _head(sort, columns):
    parts = []
    for key, name in columns:
        chosen = key == sort["key"]
        order = ("descending" if sort["descending"] else "ascending") if chosen else "none"
        parts.append(
            "<th scope='col' role='columnheader' class='col-{}' aria-sort='{}'>"
            "<button type='button' id='sort-{}' data-do='sort' data-key='{}'>{}"
            "<svg class='arrow' viewBox='0 0 8 10' aria-hidden='true'><path d='M4 1l3 4H1z'/>"
            "<path d='M4 9l3 -4H1z'/></svg></button></th>".format(key, order, key, key, name)
        )
    return "".join(parts)


def _row(cell, gpus, top, several, pinned, is_best):
    gpu = gpus.get(cell["gpu"])
    first = _gpu_cell(cell, gpu, several, pinned, is_best)
    if cell["problem"] is not None:
        rest = _problem(cell, 6 if several["ends"] else 5)
        kind = "fails"
    elif several["ends"]:
        kind = "wins" if is_best else ""
        rest = served_cells(cell, several, several["ends"])
        rest += _cell("bound", "Bound by", _bound(cell, several)) + _basis(cell)
    else:
        kind = "wins" if is_best else ""
        rest = "".join(
            (
                _latency(cell, top, pinned),
                _cell("throughput_per_s", "Throughput", _throughput(cell["throughput_per_s"])),
                _memory(cell),
                _cell("bound", "Bound by", _bound(cell, several)),
                _basis(cell),
            )
        )
    return (
        "<tr role='row' class='{}' data-model='{}' data-gpu='{}' data-precision='{}' "
        "data-runtime='{}'>{}{}</tr>"
    ).format(
        kind,
        escaped(cell["model"]),
        escaped(cell["gpu"]),
        escaped(cell["precision"]),
        escaped(cell["runtime"]),
        first,
        rest,
    )


def _awaited_row(cell, gpus, several):
    """The place of a row that is being worked out: as high as the row will be."""
    return "<tr role='row' class='awaited'>{}<td role='cell' colspan='5'>{}</td></tr>".format(
        _gpu_cell(cell, gpus.get(cell["gpu"]), several, {}, False, is_awaited=True),
        "<span class='main'>being worked out</span><span class='range' aria-hidden='true'></span>",
    )


def _throughput(value):
    """Samples a second; where there is less than one, a minute."""
    if value >= 1:
        return "{}<small>/s</small>".format(_data(value))
    return "<data value='{}'>{}</data><small>/min</small>".format(exact(value), figure(60 * value))


def _data(value):
    return "<data value='{}'>{}</data>".format(exact(value), figure(value))


def _bound(cell, several):
    """What limits it, and the button that says why; a click anywhere on the row does the same."""
    return (
        "{3} <button type='button' class='link' data-do='why' id='explain-{0}-{1}-{2}{4}' "
        "aria-label='Why: explain {5}{0}, {1}, {2}'>why</button>"
    ).format(
        escaped(cell["gpu"]),
        escaped(cell["precision"]),
        escaped(cell["runtime"]),
        escaped(BOUND.get(cell["bound"], cell["bound"])),
        _id_end(cell, several),
        escaped(several["models"][cell["model"]]) + " on " if several["models"] else "",
    )


def _id_end(cell, several):
    """What makes the id of an element of a row its own where there are several models."""
    if not several["models"]:
        return ""
    return "-{}".format(sorted(several["models"]).index(cell["model"]))


def _cell(key, label, content):
    return "<td role='cell' class='col-{}' data-label='{}'>{}</td>".format(key, label, content)


def _gpu_cell(cell, gpu, several, pinned, is_best, is_awaited=False):
    name = short_name(gpu["name"]) if gpu else cell["gpu"]
    about = []
    if gpu and gpu.get("custom"):
        about.append("custom profile")
    if gpu:
        about.append(architecture_name(gpu["architecture"]))
    if several["precision"]:
        about.insert(0, cell["precision"])
    if several["runtime"]:
        about.insert(0, cell["runtime"])
    models = several["models"]
    pin = pin_of(cell, bool(models))
    is_pinned = bool(pinned) and several["baseline"] == pin
    return (
        "<th scope='row' role='rowheader' class='col-gpu'>{model}"
        "<span class='gpu-name'>{name}</span>"
        "<span class='about'>{mark}{about}</span>"
        "<button type='button' class='pin' id='pin-{id}-{precision}-{runtime}{end}' data-do='pin' "
        "data-id='{pin}' aria-pressed='{pressed}' aria-label='Compare the others with {of}{name}'"
        " title='Compare the others with this one'{hidden}>"
        "<svg viewBox='0 0 16 16' aria-hidden='true'>"
        "<path d='M5 1.5h6M6.2 1.5v5L3.8 9.8h8.4L9.8 6.5v-5M8 9.8v5'/></svg></button></th>"
    ).format(
        model="<span class='of-model'>{}</span>".format(escaped(models[cell["model"]]))
        if models
        else "",
        of=escaped(models[cell["model"]]) + " on " if models else "",
        end=_id_end(cell, several),
        pin=escaped(pin),
        hidden=" hidden" if is_awaited else "",
        name=escaped(name),
        mark="<span class='mark'>fastest</span>" if is_best else "",
        about=escaped(" · ".join(about)),
        id=escaped(cell["gpu"]),
        precision=escaped(cell["precision"]),
        runtime=escaped(cell["runtime"]),
        pressed="true" if is_pinned else "false",
    )


def _latency(cell, top, pinned):
    low, high = cell["latency_low_ms"], cell["latency_high_ms"]
    ratio = ""
    base = pinned.get((cell["precision"], cell["runtime"]))
    if base is not None and (base["gpu"], base["model"]) != (cell["gpu"], cell["model"]):
        ratio = "<span class='ratio'>{}</span>".format(_ratio(cell, base))
    content = (
        "<span class='main'><span class='amount'>{}<small> ms</small></span>{}"
        "<span class='bounds'>{} to {}</span></span>"
        "<span class='range' style='--low:{:.2f}%;--high:{:.2f}%;--at:{:.2f}%' aria-hidden='true'>"
        "</span>"
    ).format(
        _data(cell["latency_ms"]),
        ratio,
        _data(low),
        _data(high),
        100 * low / top,
        100 * high / top,
        100 * cell["latency_ms"] / top,
    )
    return _cell("latency_ms", "Latency", content)


def _ratio(cell, base):
    ratio = cell["latency_ms"] / base["latency_ms"]
    if 0.995 <= ratio <= 1.005:
        return "the same"
    if ratio > 1:
        return "{} × slower".format(figure(ratio))
    return "{} × faster".format(figure(1 / ratio))


def _memory(cell):
    share = cell["memory_bytes"] / max(cell["memory_limit_bytes"], 1)
    content = (
        "<span class='main'><data value='{}'>{}</data><small> of {} GB</small></span>"
        "<span class='meter' style='--at:{:.2f}%' aria-hidden='true'></span>"
    ).format(
        exact(cell["memory_bytes"]),
        board_gb(cell["memory_bytes"]),
        board_gb(cell["memory_limit_bytes"]),
        min(100, 100 * share),
    )
    return _cell("memory_bytes", "Memory", content)


def _basis(cell):
    name, meaning = BASIS.get(cell["basis"], (cell["basis"], ""))
    return _cell(
        "basis",
        "Basis",
        "<span class='badge {}' title='{}'>{}</span>".format(
            escaped(cell["basis"]), escaped(meaning), escaped(name)
        ),
    )


def _problem(cell, columns):
    problem = cell["problem"]
    return (
        "<td role='cell' class='problem' colspan='{}'><strong>{}</strong><span>{}</span></td>"
    ).format(columns, escaped(capital(problem["what"])), escaped(capital(problem["fix"])))


CSV_COLUMNS = (
    "model", "gpu", "runtime", "precision", "batch", "latency_ms", "latency_low_ms",
    "latency_high_ms", "throughput_per_s", "memory_bytes", "memory_limit_bytes", "fits", "bound",
    "basis", "mfu", "problem_code", "problem_what", "problem_fix",
)  # fmt: skip


def as_csv(cells):
    """All cells as CSV, to the letter as `compare --csv` prints them."""
    served = any(cell.get("serving") for cell in cells)
    columns = CSV_COLUMNS + (SERVED_CSV if served else ())
    lines = [",".join(columns)]
    for cell in cells:
        problem = cell["problem"] or {}
        fields = {name: None for name in SERVED_CSV}  # noqa: C420 (MicroPython has no fromkeys)
        fields.update(cell.get("serving") or {})
        fields.update(cell)
        for key in ("code", "what", "fix"):
            fields["problem_" + key] = problem.get(key)
        lines.append(",".join(_field(fields[name]) for name in columns))
    return "".join(line + "\r\n" for line in lines)


def _field(value):
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    text = value if isinstance(value, str) else exact(value)
    if any(mark in text for mark in ',"\r\n'):
        return '"{}"'.format(text.replace('"', '""'))
    return text


def as_markdown(cells, gpus, models):
    """The shown rows as a Markdown table.

    Args:
        cells: Of the comparison.
        gpus: Catalogue entries by id.
        models: Name of each model by id; they stand in a column where there are several.
    """
    several = len({cell["model"] for cell in cells}) > 1
    if has_served(cells):
        return _served_markdown(cells, gpus, models)
    lines = [
        "| GPU | batch | precision | runtime | ms | 80 % interval | per second | memory, GB |",
        "|---|--:|---|---|--:|--:|--:|--:|",
    ]
    for cell in cells:
        gpu = gpus.get(cell["gpu"])
        name = gpu["name"] if gpu else cell["gpu"]
        if several:
            name = "{} | {}".format(models[cell["model"]].replace("|", "/"), name)
        lead = "| {} | {} | {} | {} |".format(
            name, cell["batch"], cell["precision"], cell["runtime"]
        )
        if cell["problem"] is not None:
            lines.append("{} {} | | | |".format(lead, cell["problem"]["what"].replace("|", "/")))
            continue
        lines.append(
            "{} {} | {} to {} | {} | {:.2f} |".format(
                lead,
                figure(cell["latency_ms"]),
                figure(cell["latency_low_ms"]),
                figure(cell["latency_high_ms"]),
                figure(cell["throughput_per_s"]),
                cell["memory_bytes"] / BOARD_GB_BYTES,
            )
        )
    if several:
        lines[0], lines[1] = "| Model " + lines[0], "|---" + lines[1]
    return "\n".join(lines) + "\n"


def _served_markdown(cells, gpus, models):
    """The same of models that generate tokens: what their users wait for."""
    lines = [
        "| Model | GPU | at once | precision | runtime | first token, ms | per token, ms "
        "| tokens/s | tokens/s per user | memory, GB |",
        "|---|---|--:|---|---|--:|--:|--:|--:|--:|",
    ]
    for cell in cells:
        gpu, given = gpus.get(cell["gpu"]), cell["serving"]
        said = [
            models[cell["model"]],
            gpu["name"] if gpu else cell["gpu"],
            str(cell["batch"]),
            cell["precision"],
            cell["runtime"],
        ]
        if cell["problem"] is not None:
            said += [cell["problem"]["what"], "", "", "", ""]
        else:
            keys = ("ttft_ms", "tpot_ms", "tokens_per_s", "tokens_per_s_per_user")
            said += [figure(given[key]) for key in keys]
            said.append("{:.2f}".format(cell["memory_bytes"] / BOARD_GB_BYTES))
        lines.append("| {} |".format(" | ".join(text.replace("|", "/") for text in said)))
    return "\n".join(lines) + "\n"
