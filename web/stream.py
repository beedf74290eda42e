"""Cells that come one after the other -> their order, and the places of those that are awaited."""

AXES = (("model", "models"), ("gpu", "gpus"), ("runtime", "runtimes"),
        ("precision", "precisions"), ("batch", "batches"))  # fmt: skip


def in_request_order(cells, request):
    """The cells of a comparison in the order of its request, as `compare` gives them.

    >>> request = {"models": ["m"], "gpus": ["b", "a"], "runtimes": ["r"], "precisions": ["p"],
    ...            "batches": [1]}
    >>> cells = [{"model": "m", "gpu": gpu, "runtime": "r", "precision": "p", "batch": 1}
    ...          for gpu in "ab"]
    >>> [cell["gpu"] for cell in in_request_order(cells, request)]
    ['b', 'a']
    """
    ranks = []
    for axis, field in AXES:
        ranks.append((axis, {name: at for at, name in enumerate(request[field])}))
    return sorted(cells, key=lambda cell: [rank.get(cell[axis], 0) for axis, rank in ranks])


def awaited(cells, request, batch):
    """The places of a comparison at one batch of which no cell has come yet.

    Args:
        cells: Those that have.
        request: What was asked.
        batch: The batch that is shown.
    """
    there = {(cell["model"], cell["gpu"], cell["runtime"], cell["precision"]) for cell in cells}
    return [
        {"model": model, "gpu": gpu, "runtime": runtime, "precision": precision, "batch": batch}
        for model in request["models"]
        for gpu in request["gpus"]
        for runtime in request["runtimes"]
        for precision in request["precisions"]
        if (model, gpu, runtime, precision) not in there
    ]
