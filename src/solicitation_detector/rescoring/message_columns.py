"""From columns to messages: which column is which field, and what a row that is no message says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, time
from typing import Any

from solicitation_detector.errors import InvalidInput, InvalidMessage
from solicitation_detector.messages import Message, SenderRole, Turn
from solicitation_detector.rescoring.rows import UNREADABLE_LINE, Rows

_FIELDS = tuple(field.name for field in fields(Message))


def field_columns(renamed: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """The column of each Message field that the input has.

    Args:
        renamed: field → column, as asked for on the command line.
        columns: what the input has.

    Raises:
        InvalidInput: a field that is none, or a column that is not there.
    """
    for field, column in renamed.items():
        if field not in _FIELDS:
            raise InvalidInput(f"{field}: is no field of a message; the fields are {', '.join(_FIELDS)}")
        if column not in columns:
            raise InvalidInput(f"{field}: no column {column!r}; the input has {_listed(columns)}")
    found = {field: renamed.get(field, field) for field in _FIELDS if renamed.get(field, field) in columns}
    if "text" not in found:
        raise InvalidInput(f"text: no column 'text'; the input has {_listed(columns)}. Name it with --column text=COLUMN")
    return found


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns) if columns else "no columns"


def read_messages(
    rows: Rows, columns: Mapping[str, str], history: Sequence[tuple[Turn, ...]] | None
) -> list[Message | InvalidMessage]:
    """A message a row, or why the row is none.

    Args:
        rows: the rows.
        columns: field → column.
        history: for each row the turns before it, where they come from the rows of its conversation.
    """
    found = rows.values([*columns.values(), *([UNREADABLE_LINE] if rows.json_lines else [])])
    unreadable = found.pop(UNREADABLE_LINE, None)
    values = [(field, found[column]) for field, column in columns.items() if column in found]
    messages: list[Message | InvalidMessage] = []
    for index in range(len(rows)):
        try:
            if unreadable is not None and unreadable[index] is not None:
                raise InvalidMessage("line", "is not a JSON object")
            row = {field: _field_value(field, column[index]) for field, column in values}
            if history is not None:
                row["history"] = history[index]
            messages.append(Message.from_dict(row))
        except InvalidMessage as error:
            messages.append(error)
    return messages


def read_turns(rows: Rows, columns: Mapping[str, str], wanted: Sequence[int]) -> list[Turn | None]:
    """Some of the rows as turns of their conversation; None for a row whose text or role is none."""
    found = rows.values([columns[field] for field in ("text", "sender_role") if field in columns])
    texts = found.get(columns["text"])
    roles = found.get(columns.get("sender_role", ""))
    return [_turn(texts[i] if texts else None, roles[i] if roles else None) for i in wanted]


def _turn(text: Any, role: Any) -> Turn | None:
    try:
        return Turn(text, role or SenderRole.UNKNOWN)
    except InvalidMessage:
        return None


def _field_value(field: str, value: Any) -> Any:
    """A cell as the field wants it: an empty cell is no value, numbers and lists may be written out."""
    if value is None or field == "text":
        return value
    if value == "":
        return None
    reader = _FIELD_READERS.get(field)
    return value if reader is None else reader(value)


def _as_id(value: Any) -> Any:
    """Ids are often stored as integers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_datetime(value: Any) -> Any:
    return datetime.combine(value, time()) if isinstance(value, date) and not isinstance(value, datetime) else value


def _as_count(value: Any) -> Any:
    """Integers in text files are written out, and tables with gaps store them as floats."""
    if isinstance(value, float):
        return None if value != value else int(value) if value.is_integer() else value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value


def _as_history(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise InvalidMessage("history", "is not a JSON list") from None


_FIELD_READERS = {
    "id": _as_id,
    "conversation_id": _as_id,
    "sent_at": _as_datetime,
    "prior_reminders": _as_count,
    "history": _as_history,
}
