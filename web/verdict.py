"""Cells of a comparison -> the sentence that names the GPU to take, and why."""

from web.text import escaped, figure, listed, milliseconds, plural, short_name

NEARLY = 1.05
"""A ratio below this is no lead."""

SHORT = 22
"""A model's name of fewer characters stays on one line."""


def verdict(cells, gpus, model_name):
    """The answer in words.

    Args:
        cells: Those at one batch, as in `compare --json`.
        gpus: Catalogue entries of the GPUs, by id.
        model_name: For people.

    Returns:
        ``headline`` and ``reason`` as HTML, ``best`` the winner's cell or None.
    """
    able = [cell for cell in cells if cell["problem"] is None and cell["latency_ms"]]
    if not cells:
        return _said("Choose at least one GPU to compare.", "")
    if not able:
        return _said(
            "None of these GPUs can run {} like this.".format(escaped(model_name)),
            "The table says what would help.",
        )
    ranked = sorted(able, key=lambda cell: cell["latency_ms"])
    best = ranked[0]
    close = _too_close(ranked)
    several = len(_distinct((cell["precision"], cell["runtime"]) for cell in cells)) > 1
    headline = _headline(best, gpus, model_name, several, bool(close))
    return _said(headline, _reason(ranked, cells, gpus, close), best)


def _too_close(ranked):
    """GPUs whose interval begins below the end of the winner's."""
    best = ranked[0]
    return _distinct(
        cell["gpu"]
        for cell in ranked
        if cell["gpu"] != best["gpu"] and cell["latency_low_ms"] <= best["latency_high_ms"]
    )


def _said(headline, reason, best=None):
    return {"headline": headline, "reason": reason, "best": best}


def _name(gpus, gpu_id):
    return short_name(gpus[gpu_id]["name"]) if gpu_id in gpus else gpu_id


def _headline(best, gpus, model_name, several, is_close):
    model = escaped(model_name)
    return (
        "<strong>{gpu}</strong> {verb} {model} fastest{how}: <strong>{time}</strong> {batch}, "
        "<span class='nobreak'>likely {low} to {high}</span>."
    ).format(
        gpu=escaped(_name(gpus, best["gpu"])),
        verb="should run" if is_close else "runs",
        model="<span class='nobreak'>{}</span>".format(model) if len(model) < SHORT else model,
        how=", in {}".format(escaped(best["precision"])) if several else "",
        time=milliseconds(best["latency_ms"]),
        batch="for one sample"
        if best["batch"] == 1
        else "for a <span class='nobreak'>batch of {}</span>".format(best["batch"]),
        low=_low(best),
        high=milliseconds(best["latency_high_ms"]),
    )


def _low(cell):
    """The lower end, without the unit that the upper one has too."""
    low, high = milliseconds(cell["latency_low_ms"]), milliseconds(cell["latency_high_ms"])
    number, unit = low.split("\u00a0")
    return number if high.endswith("\u00a0" + unit) else low


def _reason(ranked, cells, gpus, close):
    """Why it wins over the next GPU, who comes close, and what could not run."""
    best = ranked[0]
    others = [cell for cell in ranked if cell["gpu"] != best["gpu"]]
    parts = []
    if others:
        parts.append(_against(best, others[0], gpus))
        if close:
            parts.append(
                "Too close to call against {}: the intervals overlap.".format(
                    listed([escaped(_name(gpus, gpu)) for gpu in close])
                )
            )
    failing = _distinct(cell["gpu"] for cell in cells if cell["problem"] is not None)
    failing = [gpu for gpu in failing if gpu not in [cell["gpu"] for cell in ranked]]
    if failing:
        parts.append(
            "{} cannot run it like this; the table says what would.".format(
                listed([escaped(_name(gpus, gpu)) for gpu in failing])
            )
        )
    return " ".join(parts)


def _distinct(items):
    seen = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def _against(best, second, gpus):
    lead = second["latency_ms"] / best["latency_ms"]
    name = escaped(_name(gpus, second["gpu"]))
    if lead < NEARLY:
        return "{} is as good as level with it. {}".format(name, _why(best, second, gpus))
    return "{} times as fast as the {}. {}".format(figure(lead), name, _why(best, second, gpus))


def _why(best, second, gpus):
    """The hardware figure behind the lead, by what the winner's time is bound by."""
    winner, other = gpus.get(best["gpu"]), gpus.get(second["gpu"])
    if winner is None or other is None:
        return ""
    if best["bound"] == "memory":
        mine, theirs = winner["bandwidth_gb_per_s"], other["bandwidth_gb_per_s"]
        if mine < theirs * NEARLY:
            return "This work waits for memory."
        return "This work waits for memory, and its board moves {}\u00a0GB/s, {}.".format(
            figure(mine), _times(mine / theirs)
        )
    if best["bound"] == "compute":
        precision = best["precision"]
        mine = winner["peak_tflops"].get(precision)
        theirs = other["peak_tflops"].get(second["precision"])
        if mine and theirs and mine >= theirs * NEARLY:
            return (
                "This work waits for arithmetic, and its dense {} peak is {}\u00a0TFLOPS, {}."
            ).format(precision, figure(mine), _times(mine / theirs))
        return "This work waits for arithmetic."
    return (
        "At this batch the kernels are too short to fill either board, so launches set the pace; "
        "a larger batch would tell them apart."
    )


def _times(ratio):
    return "{} times as much".format(figure(ratio))


def summary(request, models, runtimes):
    """The request in one line: model, GPUs, batches, precisions, runtimes."""
    return " · ".join(
        (
            listed([models.get(model, model) for model in request["models"]]),
            plural(len(request["gpus"]), "GPU"),
            "batch " + ", ".join(str(batch) for batch in request["batches"]),
            ", ".join(request["precisions"]),
            ", ".join(runtimes.get(runtime, runtime) for runtime in request["runtimes"]),
        )
    )
