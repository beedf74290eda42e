"""Which point of the comparison "Why" explains: the one that was chosen, else the winner."""

from web.query import changed, shown_cells

AXES = ("model", "gpu", "runtime", "precision")
"""What names a cell among those that are shown; the batch is the shown one."""


def chosen_cell(state, chosen):
    """The cell to explain, or None where nothing is shown.

    Args:
        state: The page's.
        chosen: ``gpu``, ``runtime``, ``precision`` of a row, ``model`` too where there are
            several; None for the winner.
    """
    cells = shown_cells(state)
    if chosen is not None:
        for cell in cells:
            if all(chosen.get(axis, cell[axis]) == cell[axis] for axis in AXES):
                return cell
    able = [cell for cell in cells if cell["problem"] is None and cell["latency_ms"]]
    if able:
        return min(able, key=lambda cell: cell["latency_ms"])
    return cells[0] if cells else None


def why_request(state, chosen):
    """What is asked of the engine to explain that cell, or None."""
    cell = chosen_cell(state, chosen)
    if cell is None:
        return None
    request = state["result"]["request"]
    profiles = request["profiles"]
    return changed(
        request,
        models=[cell["model"]] + [each for each in request["models"] if each != cell["model"]],
        gpus=[cell["gpu"]],
        runtimes=[cell["runtime"]],
        precisions=[cell["precision"]],
        batches=[cell["batch"]],
        profiles={key: profiles[key] for key in profiles if key == cell["gpu"]},
    )


def file_name(request, chart, kind):
    """What a saved chart is called.

    >>> file_name({"models": ["my net.onnx"], "gpus": ["t4"], "batches": [8]}, "roof", "svg")
    'my-net.onnx-t4-batch-8-roof.svg'
    """
    parts = (request["models"][0], request["gpus"][0], "batch-{}".format(request["batches"][0]))
    stem = "".join(
        char if char.isalpha() or char.isdigit() or char in ".-_" else "-"
        for char in "-".join(parts)
    )
    return "{}-{}.{}".format(stem, chart, kind)
