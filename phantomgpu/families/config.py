"""A configuration's JSON as typed values, with errors that name the file and the key."""

from collections.abc import Mapping
from typing import Any, Final

from phantomgpu.errors import ModelError

MOST_LAYERS: Final = 4096
"""Twenty times what the deepest published model has."""
MOST: Final = 1 << 31
"""Of any size that a configuration gives."""


class Config:
    """One JSON object of a repository.

    Args:
        values: As parsed.
        where: Its file, and the path in it: ``"config.json"``, ``"config.json, text_config"``.
    """

    def __init__(self, values: Mapping[str, Any], where: str = "config.json") -> None:
        self.values = values
        self.where = where

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number of at least 0.

        Raises:
            ModelError: It is something else, or missing where there is no default.
        """
        value = self._given(key, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST:
            raise self.wrong(key, "a whole number of at least 0")
        return value

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number of at least 1; errors as ``integer``."""
        value = self.integer(key, default)
        if value < 1:
            raise self.wrong(key, "a whole number of at least 1")
        return value

    def layers(self, key: str, default: int | None = None) -> int:
        """A number of layers, from 1 to ``MOST_LAYERS``; errors as ``integer``."""
        value = self.count(key, default)
        if value > MOST_LAYERS:
            raise self.wrong(key, f"at most {MOST_LAYERS} layers")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number; errors as ``integer``."""
        value = self._given(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, "a number")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false; errors as ``integer``."""
        value = self._given(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; errors as ``integer``."""
        value = self._given(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts, empty where there is none; errors as ``integer``."""
        value = self._given(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, "a list of texts")
        return value

    def integers(self, key: str) -> list[int]:
        """A list of whole numbers, empty where there is none; errors as ``integer``."""
        value = self._given(key, [])
        whole = isinstance(value, list) and all(type(each) is int for each in value)
        if not whole:
            raise self.wrong(key, "a list of whole numbers")
        return list(value)

    def part(self, key: str) -> "Config":
        """The object under a key, empty where there is none; errors as ``integer``."""
        value = self._given(key, {})
        if not isinstance(value, Mapping):
            raise self.wrong(key, "an object")
        return Config(value, f"{self.where}, {key}")

    def divided(self, key: str, total: int, parts: int) -> int:
        """``total`` over ``parts``; the error is of ``key`` where that leaves a rest.

        Raises:
            ModelError: It does.
        """
        if parts < 1 or total % parts:
            raise self.wrong(key, f"a divisor of {total}")
        return total // parts

    def wrong(self, key: str, wanted: str) -> ModelError:
        """The error for a value that is not what it must be."""
        value = self.values.get(key)
        given = "is missing" if value is None else f"is {str(value)[:60]}"
        return ModelError(
            f"{key} {given}; it must be {wanted}",
            where=self.where,
            fix="take the config.json that was published with the model",
        )

    def _given(self, key: str, default: Any) -> Any:
        value = self.values.get(key)
        return default if value is None else value
