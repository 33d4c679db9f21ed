"""What changed between two rescored files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from solicitation_detector.errors import InvalidInput
from solicitation_detector.messages import LABELS, Action
from solicitation_detector.rescoring.files import FileFormat, input_files
from solicitation_detector.rescoring.reading import read_rows, read_schema

_ROWS_AT_A_TIME = 20_000
_IDENTITY = ("id", "text")
_VERDICT = ("labels", "action", "error")


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """The verdict on a row as a rescored file holds it."""

    labels: tuple[str, ...]
    action: str | None
    error: str | None

    def __str__(self) -> str:
        if self.action is None:
            return f"not judged ({self.error})"
        return f"{self.action} ({', '.join(self.labels)})" if self.labels else self.action


@dataclass(frozen=True, slots=True)
class Change:
    """A row whose verdict is another one now; rows are counted from 1, without a header."""

    row: int
    id: str | None
    old: RowVerdict
    new: RowVerdict


@dataclass(slots=True)
class Comparison:
    """Two rescored files side by side.

    Attributes:
        rows: how many each has.
        changes: rows with another verdict.
        old, new: rows by label, by action, and not judged.
    """

    rows: int = 0
    changes: list[Change] = field(default_factory=list)
    old: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)

    def add(self, id: str | None, old: RowVerdict, new: RowVerdict) -> None:
        """Count a row."""
        self.rows += 1
        for verdict, counter in ((old, self.old), (new, self.new)):
            counter.update([*verdict.labels, verdict.action or "not judged"])
        if old != new:
            self.changes.append(Change(self.rows, id, old, new))

    def to_text(self) -> str:
        """A table of counts by label and action, and the changed rows, without any message text."""
        lines = [f"{'':<24}{'old':>10}{'new':>10}{'change':>10}"]
        for name in (*LABELS, *Action, "not judged"):
            old, new = self.old[name], self.new[name]
            lines.append(f"{name:<24}{old:>10}{new:>10}{new - old:>+10}")
        lines.append(f"\n{len(self.changes)} of {self.rows} verdicts changed")
        for change in self.changes:
            name = f"row {change.row}" + (f", id {change.id}" if change.id is not None else "")
            lines.append(f"{name}: {change.old} -> {change.new}")
        return "\n".join(lines)


def compare(old: Path, new: Path) -> Comparison:
    """Compare the verdicts of two rescored files of the same input, row by row. Their formats may differ.

    Raises:
        InvalidInput: a file that is not rescored, or files whose rows are not the same messages.
    """
    comparison = Comparison()
    for number, (one, other) in enumerate(zip_longest(_rows(old), _rows(new)), start=1):
        if one is None or other is None:
            longer, shorter = (new, old) if one is None else (old, new)
            raise InvalidInput(f"{longer}: has more rows than {shorter}, which ends after {number - 1}")
        for name in _IDENTITY:
            if name in one and name in other and one[name] != other[name]:
                raise InvalidInput(f"{new}: row {number} is not the message of {old}: its {name} differs")
        comparison.add(one.get("id"), _verdict(old, number, one), _verdict(new, number, other))
    return comparison


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Identity and verdict of each row; cells of every format made alike."""
    for file in input_files(path):
        if file.format is not FileFormat.JSONL:
            _check_rescored(path, set(read_schema(file).names))
        for rows in read_rows(file, _ROWS_AT_A_TIME):
            values = rows.values([*_IDENTITY, *_VERDICT])
            for row in zip(*values.values(), strict=True):
                yield {name: _cell(value) for name, value in zip(values, row, strict=True)}


def _check_rescored(path: Path, names: set[str]) -> None:
    for name in _VERDICT:
        if name not in names:
            raise InvalidInput(f"{path}: is no rescored file, it has no column {name!r}")


def _cell(value: Any) -> Any:
    if value is None or value == "":
        return None
    return value if isinstance(value, list) else str(value)


def _verdict(path: Path, number: int, row: dict[str, Any]) -> RowVerdict:
    if row["action"] is None and row["error"] is None:
        raise InvalidInput(f"{path}: is no rescored file, row {number} has neither an action nor an error")
    labels = row["labels"] or []
    return RowVerdict(tuple(labels.split(";") if isinstance(labels, str) else labels), row["action"], row["error"])
