"""Two models -> the sentence that holds one against the other, and where they differ."""

from web.query import common_cell, point_of
from web.text import duration, escaped, figure, grouped, listed, milliseconds, short_name
from web.verdict import NEARLY, verdict

MOST_ROWS = 10
"""Layers that are shown before "all"."""


def versus(cells, gpus, models, chosen):
    """The answer in words, as `web.verdict.verdict` gives it.

    Args:
        cells: Those at one batch, of both models.
        gpus: Catalogue entries of the GPUs, by id.
        models: ``(id, name)`` of both, in the order of the request.
        chosen: The row that was clicked: its GPU, runtime and precision are held to.
    """
    (first, first_name), (second, second_name) = models
    at = common_cell(cells, chosen)
    each = [
        verdict([cell for cell in cells if cell["model"] == model], gpus, name)
        for model, name in models
    ]
    if at is None:
        parts = [one["headline"] for one in each]
        return {"headline": " ".join(parts), "reason": each[0]["reason"], "best": None}
    pair = {cell["model"]: cell for cell in cells if point_of(cell) == point_of(at)}
    one, other = pair[first], pair[second]
    name = short_name(gpus[at["gpu"]]["name"]) if at["gpu"] in gpus else at["gpu"]
    headline = "{} on the <strong>{}</strong>{}: {} against {} {}.".format(
        _ratio(one, other, escaped(first_name), escaped(second_name)),
        escaped(name),
        _how(cells, at),
        "<strong>{}</strong>".format(milliseconds(other["latency_ms"])),
        milliseconds(one["latency_ms"]),
        _at_once(at),
    )
    best = min(
        (verdict_of["best"] for verdict_of in each if verdict_of["best"]),
        key=lambda cell: cell["latency_ms"],
    )
    return {"headline": headline, "reason": _reason(one, other, each, models, gpus), "best": best}


def _at_once(cell):
    """Of how much a latency is."""
    batch = cell["batch"]
    if cell.get("serving"):
        return "for a request" if batch == 1 else "for each of {} requests at once".format(batch)
    if batch == 1:
        return "for one sample"
    return "for a <span class='nobreak'>batch of {}</span>".format(batch)


def _how(cells, at):
    several = len({(cell["precision"], cell["runtime"]) for cell in cells}) > 1
    return ", in {}".format(escaped(at["precision"])) if several else ""


def _ratio(one, other, first, second):
    ratio = other["latency_ms"] / one["latency_ms"]
    if 1 / NEARLY < ratio < NEARLY:
        return "<strong>{}</strong> takes about as long as {}".format(second, first)
    if ratio > 1:
        return "<strong>{}</strong> takes {} times as long as {}".format(
            second, figure(ratio), first
        )
    return "<strong>{}</strong> is {} times as fast as {}".format(second, figure(1 / ratio), first)


def _reason(one, other, each, models, gpus):
    """Whether that is sure, and which GPU is the best for each."""
    parts = []
    low, high = sorted((one, other), key=lambda cell: cell["latency_ms"])
    if high["latency_low_ms"] <= low["latency_high_ms"]:
        parts.append("Too close to call: their intervals overlap.")
    found = []
    for (_, name), said in zip(models, each):
        if said["best"]:
            gpu = said["best"]["gpu"]
            found.append((escaped(name), short_name(gpus[gpu]["name"]) if gpu in gpus else gpu))
    if len(found) == 2 and found[0][1] == found[1][1]:
        parts.append("Both are fastest on the {}.".format(escaped(found[0][1])))
    elif found:
        parts.append(
            "{}.".format(
                listed(["{} is fastest on the {}".format(name, escaped(on)) for name, on in found])
            )
        )
    return " ".join(parts)


def difference_card(told, models, gpus):
    """Where two models differ: the sentence, by kind of work, and layer by layer.

    Args:
        told: As ``App.differences`` tells it.
        models: Name of each model by id.
        gpus: Catalogue entries by id.
    """
    first, second = told["first"], told["second"]
    names = (models[first["model"]], models[second["model"]])
    if not told["kinds"]:
        return ""
    gpu = gpus.get(first["gpu"])
    head = (
        "<div class='figure-head'><h3 id='differences-heading'>Where they differ</h3>"
        "<p class='at'>{} · {} · batch {}</p></div><p class='difference'>{}</p>"
    ).format(
        escaped(short_name(gpu["name"]) if gpu else first["gpu"]),
        escaped(first["precision"]),
        first["batch"],
        escaped(told["sentence"]),
    )
    kinds = _table(told["kinds"], names, "By kind of work", (first, second))
    if not told["layers"]:
        return (
            head
            + kinds
            + (
                "<p class='none'>Their layers have no names in common, so they are held against "
                "each other by the kind of work.</p>"
            )
        )
    rows, rest = told["layers"][:MOST_ROWS], told["layers"][MOST_ROWS:]
    layers = _table(rows, names, "By layer, the largest difference first", None)
    if rest:
        layers += "<details><summary>{} more layers</summary>{}</details>".format(
            grouped(len(rest)), _table(rest, names, "The other layers", None)
        )
    return "{}<div class='beside'><div>{}</div><div>{}</div></div>".format(head, kinds, layers)


def _table(rows, names, caption, totals):
    most = max(abs(row["difference_ms"]) for row in rows) or 1
    body = "".join(_row(row, most) for row in rows)
    foot = ""
    if totals:
        first, second = totals
        foot = (
            "<tfoot><tr><th scope='row'>All</th><td>{}</td><td>{}</td><td>{}</td></tr></tfoot>"
        ).format(
            _signed(second["total_ms"] - first["total_ms"]),
            duration(first["total_ms"]),
            duration(second["total_ms"]),
        )
    return (
        "<div class='sideways' tabindex='0' role='region' aria-label='{0}'>"
        "<table class='figures differences'><caption>{0}</caption><thead><tr>"
        "<th scope='col'>{1}</th><th scope='col'>Difference</th><th scope='col'>{2}</th>"
        "<th scope='col'>{3}</th></tr></thead><tbody>{4}</tbody>{5}</table></div>"
    ).format(
        caption,
        "Layer" if "name" in rows[0] else "Work",
        escaped(names[0]),
        escaped(names[1]),
        body,
        foot,
    )


def _row(row, most):
    name = escaped(row["work"])
    if "name" in row:
        name = "<code>{}</code> <small>{}</small>".format(escaped(row["name"]), name)
    share = 100 * abs(row["difference_ms"]) / most
    return (
        "<tr><th scope='row'>{}</th>"
        "<td><data value='{:.6g}'>{}</data><span class='gap {}' style='--at:{:.1f}%' "
        "aria-hidden='true'></span></td><td>{}</td><td>{}</td></tr>"
    ).format(
        name,
        row["difference_ms"],
        _signed(row["difference_ms"]),
        "more" if row["difference_ms"] > 0 else "less",
        share,
        _time(row["first_ms"]),
        _time(row["second_ms"]),
    )


def _time(value_ms):
    return "–" if value_ms is None else duration(value_ms)


def _signed(value_ms):
    if abs(value_ms) < 0.00005:
        return "0"
    return ("+" if value_ms > 0 else "−") + duration(abs(value_ms))
