"""The index of built-in models: TOML text to models by id and alias."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import tomli

from phantomgpu.comparison.search import exact, meant, ranked, searched
from phantomgpu.errors import TomlError, UnknownNameError, nearest

MOST_CANDIDATES: Final = 6
"""Named where a name may mean several models."""


@dataclass(frozen=True, slots=True)
class BuiltInModel:
    """One entry of ``profiles/models/index.toml``.

    Attributes:
        id: What users type.
        title: For people.
        task: ``"image classification"``.
        file: Beside the index.
        source: Which definition it was made from.
        parameters: Of the definition.
        macs: For one sample at ``dims``.
        dims: What its free dimensions stand for, with the size that ``macs`` is counted at.
        aliases: Other names users type.
    """

    id: str
    title: str
    task: str
    file: str
    source: str
    parameters: int
    macs: int
    dims: Mapping[str, int] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """The built-in models, in the order of the index."""

    models: tuple[BuiltInModel, ...] = ()

    def __iter__(self) -> Iterator[BuiltInModel]:
        return iter(self.models)

    def find(self, name: str) -> BuiltInModel | None:
        """The model of that id, title or alias, in any usual spelling; None where none has it."""
        for model in self.models:
            if model.id == name:  # mostly; and faster than a search
                return model
        same = exact(name, self._searched)
        return self._of(same[0]) if same else None

    def matching(self, text: str) -> list[BuiltInModel]:
        """The models that a text may mean, best first; all where there is no text."""
        return [self._of(one) for one in ranked(text, self._searched)]

    def get(self, name: str) -> BuiltInModel:
        """The model that a name means: its id, title or alias in any usual spelling.

        Raises:
            UnknownNameError: There is none, or several may be meant; names the nearest.
        """
        known_by_id = next((model for model in self.models if model.id == name), None)
        if known_by_id is not None:  # asked for many times in a comparison, and never ambiguous
            return known_by_id
        found = self.find(name)
        if found is not None:
            return found
        candidates = meant(name, self._searched)
        if len(candidates) == 1:
            return self._of(candidates[0])
        if candidates:
            raise UnknownNameError(
                f"{name!r} may be any of {len(candidates)} models",
                where="models",
                fix=f"say which: {_listed(candidates)}",
            )
        known = [model.id for model in self.models]
        if not known:
            raise UnknownNameError(
                f"there is no model {name!r}", where="models", fix="give the path of an ONNX file"
            )
        raise UnknownNameError(
            f"there is no file and no built-in model {name!r}",
            where="models",
            fix=f"did you mean {' or '.join(nearest(name, known))}? "
            "`phantomgpu models` lists all; a path or address of an ONNX file will do too",
        )

    @property
    def _searched(self) -> list[tuple[str, list[list[str]], list[str]]]:
        return [
            searched(model.id, [model.id, model.title, *model.aliases], model.task)
            for model in self.models
        ]

    def _of(self, key: str) -> BuiltInModel:
        return next(model for model in self.models if model.id == key)


def _listed(candidates: list[str]) -> str:
    """The first few candidates, and how many more there are."""
    shown = candidates[:MOST_CANDIDATES]
    rest = len(candidates) - len(shown)
    return ", ".join(shown) + (f", or {rest} more (`phantomgpu models`)" if rest else "")


def read_library(text: str, *, origin: str = "profiles/models/index.toml") -> Library:
    """The built-in models that an index lists.

    Raises:
        TomlError: The text is not TOML, or an entry lacks a value.
    """
    try:
        document = tomli.loads(text)
        return Library(tuple(_entry(name, entry) for name, entry in document.items()))
    except tomli.TOMLDecodeError as error:
        raise TomlError(
            f"the index of models is not TOML: {error.msg}",
            where=f"{origin}, line {error.lineno}, column {error.colno}",
            fix="correct it there",
        ) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise TomlError(
            f"an entry of the index of models lacks or mistypes {error}",
            where=origin,
            fix="give title, task, file, source, parameters, macs; dims and aliases may follow",
        ) from error


def _entry(name: str, entry: Mapping[str, Any]) -> BuiltInModel:
    return BuiltInModel(
        id=name,
        title=str(entry["title"]),
        task=str(entry["task"]),
        file=str(entry["file"]),
        source=str(entry["source"]),
        parameters=int(entry["parameters"]),
        macs=int(entry["macs"]),
        dims={str(dim): int(size) for dim, size in entry.get("dims", {}).items()},
        aliases=tuple(str(alias) for alias in entry.get("aliases", ())),
    )
