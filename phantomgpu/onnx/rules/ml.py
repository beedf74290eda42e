"""``ai.onnx.ml``: trees, linear models and feature preparation on ``[n, features]``."""

from collections.abc import Callable
from typing import Any, Final

from phantomgpu.onnx.call import Call, Typed

_FLOAT = "float32"


def _rows(call: Call) -> int:
    dims = call.dims(0)
    return dims[0] if len(dims) > 1 else 1


def _like_input(call: Call) -> list[Typed]:
    """Scaler, Imputer, Normalizer: as the input, in float32 where they compute."""
    kept = call.op_type == "Imputer"
    return [(call.dtype(0) if kept else _FLOAT, call.dims(0))]


def _targets(call: Call) -> list[Typed]:
    """Regressors: ``[n, targets]``."""
    given = call.attributes
    count = given.get("n_targets") or given.get("targets") or 1
    return [(call.dtype(0) if call.op_type == "TreeEnsemble" else _FLOAT, (_rows(call), count))]


def _classes(attributes: Any) -> int:
    for name, found in attributes.items():
        if name.startswith("classlabels") and found:
            return len(found)
    ids = attributes.get("class_ids")
    return len(set(ids)) if ids else 2


def _classifier(call: Call) -> list[Typed]:
    """Labels ``[n]`` and scores ``[n, classes]``."""
    named = any(
        name.startswith("classlabels_string") and found for name, found in call.attributes.items()
    )
    rows = _rows(call)
    both: list[Typed] = [("string" if named else "int64", (rows,))]
    return [*both, (_FLOAT, (rows, _classes(call.attributes)))][: call.outputs]


def _zipmap(call: Call) -> list[Typed]:
    """A map for each row, shown as the rows it is made of."""
    return [(_FLOAT, call.dims(0))]


def _vectorizer(call: Call) -> list[Typed]:
    """The features of all inputs side by side."""
    widths = call.attributes.get("inputdimensions") or [
        each[1][-1] if each[1] else 1 for each in call.inputs if each is not None
    ]
    return [(_FLOAT, (_rows(call), sum(widths)))]


ML: Final[dict[str, Callable[[Call], list[Typed]]]] = {
    "Scaler": _like_input, "Normalizer": _like_input, "Imputer": _like_input,
    "LinearRegressor": _targets, "SVMRegressor": _targets, "TreeEnsembleRegressor": _targets,
    "TreeEnsemble": _targets,
    "LinearClassifier": _classifier, "SVMClassifier": _classifier,
    "TreeEnsembleClassifier": _classifier,
    "ZipMap": _zipmap, "FeatureVectorizer": _vectorizer,
}  # fmt: skip
"""By operator. Source: onnx, docs/Operators-ml.md."""
