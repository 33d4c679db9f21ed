"""Reading a policy file: every key checked, every error naming the key. Nothing is filled in by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from solicitation_detector.errors import InvalidPolicy
from solicitation_detector.messages import Action

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A TOML table that has exactly the keys that were asked for.

    Attributes:
        values: the table.
        path: how errors name it, for example ``policy.toml: going_direct``.
    """

    values: dict[str, Any]
    path: str

    def table(self, key: str, *keys: str) -> CheckedTable:
        """The table under ``key``, which must have ``keys`` and no others."""
        value = self.values[key]
        if not isinstance(value, dict):
            raise self._wrong(key, "a table", value)
        return read_table(value, f"{self.path}{key}.", keys)

    def text(self, key: str) -> str:
        """A string that is not empty."""
        value = self.values[key]
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, "a string that is not empty", value)
        return value

    def integer(self, key: str, *, at_most: int) -> int:
        """An integer from 0 to ``at_most``."""
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= at_most:
            raise self._wrong(key, f"an integer from 0 to {at_most}", value)
        return value

    def choice(self, key: str, enum: type[_E]) -> _E:
        """One value of an enum."""
        return self._member(key, self.values[key], enum)

    def choices(self, key: str, enum: type[_E]) -> list[_E]:
        """A list of values of an enum, which may be empty."""
        value = self.values[key]
        if not isinstance(value, list):
            raise self._wrong(key, "a list", value)
        return [self._member(f"{key}[{index}]", item, enum) for index, item in enumerate(value)]

    def _member(self, key: str, value: object, enum: type[_E]) -> _E:
        if not isinstance(value, str) or value not in list(enum):
            raise self._wrong(key, f"one of {', '.join(enum)}", value)
        return enum(value)

    def _wrong(self, key: str, wanted: str, found: object) -> InvalidPolicy:
        return InvalidPolicy(f"{self.path}{key}: wanted {wanted}, found {found!r}")


def read_table(values: dict[str, Any], path: str, keys: Sequence[str]) -> CheckedTable:
    """Check that a table has ``keys`` and no others.

    Args:
        values: the table.
        path: the file's name for the top table, else a path that ends in a point.
        keys: all that are required.

    Raises:
        InvalidPolicy: naming the first key that is missing or unknown.
    """
    path = path if path.endswith(".") else f"{path}: "
    for key in values:
        if key not in keys:
            raise InvalidPolicy(f"{path}{key}: unknown key, wanted {', '.join(keys)}")
    for key in keys:
        if key not in values:
            raise InvalidPolicy(f"{path}{key}: missing")
    return CheckedTable(values, path)


def read_label_rule(table: CheckedTable) -> tuple[Action, Action]:
    """``action`` and ``repeated_action``; repeating is never treated more mildly."""
    action, repeated = table.choice("action", Action), table.choice("repeated_action", Action)
    if list(Action).index(repeated) < list(Action).index(action):
        raise InvalidPolicy(f"{table.path}repeated_action: {repeated} is milder than action, {action}")
    return action, repeated
