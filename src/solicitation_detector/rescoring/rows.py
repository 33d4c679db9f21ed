"""Rows of an input file: kept as they came, and read as values on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

# Where a line of a JSONL file is no JSON object, its words are kept under this name.
UNREADABLE_LINE = "unreadable_line"
_LINE = "line"


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows that follow each other.

    Attributes:
        data: the columns; of a JSONL file one binary column, a line a row.
        json_lines: whether ``data`` holds lines.
    """

    data: pa.RecordBatch
    json_lines: bool = False

    @classmethod
    def from_lines(cls, lines: Sequence[bytes]) -> Rows:
        """Rows of a JSONL file, which is kept byte by byte."""
        return cls(pa.record_batch([pa.array(lines, pa.binary())], names=[_LINE]), json_lines=True)

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def __reduce__(self) -> tuple[Callable[[bytes, bool], Rows], tuple[bytes, bool]]:
        """Pickled as an Arrow stream: Arrow's own way takes along all of what a slice is a slice of."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.data.schema) as writer:
            writer.write_batch(self.data)
        return _unpickled, (sink.getvalue().to_pybytes(), self.json_lines)

    def only(self, columns: Iterable[str]) -> Rows:
        """The same rows with those of the columns that are there; lines stay as they are."""
        if self.json_lines:
            return self
        wanted = set(columns)
        return Rows(self.data.select([name for name in self.data.schema.names if name in wanted]))

    def lines(self) -> list[bytes]:
        """The lines of rows from a JSONL file."""
        values: list[bytes] = self.data.column(0).to_pylist()
        return values

    def values(self, columns: Iterable[str]) -> dict[str, list[Any]]:
        """Python values of those of the columns that are there, a list a column.

        Bytes that are no UTF-8 become lone surrogates, which a Message refuses by name of the field.
        """
        if self.json_lines:
            objects = [parse_line(line) for line in self.lines()]
            return {column: [row.get(column) for row in objects] for column in columns}
        names = set(self.data.schema.names)
        return {column: python_values(self.data.column(column)) for column in columns if column in names}


def _unpickled(stream: bytes, json_lines: bool) -> Rows:
    return Rows(pa.ipc.open_stream(stream).read_next_batch(), json_lines)


def parse_line(line: bytes) -> dict[str, Any]:
    """The object on a line of a JSONL file, or the line itself under ``UNREADABLE_LINE``.

    >>> parse_line(b'{"text": "hi"}'), parse_line(b"[1")
    ({'text': 'hi'}, {'unreadable_line': '[1'})
    """
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {UNREADABLE_LINE: line.decode("utf-8", "backslashreplace")}


def python_values(column: pa.Array) -> list[Any]:
    """Values as a Message takes them: text for bytes, date-times without nanoseconds."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_date(kind):
        column = column.cast(pa.date32())
    values: list[Any] = column.to_pylist()
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [None if value is None else value.decode("utf-8", "surrogateescape") for value in values]
    return values
