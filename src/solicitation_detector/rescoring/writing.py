"""Writing rows with their added columns, in the format of the output file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import pyarrow as pa
import pyarrow.parquet as parquet

from solicitation_detector.rescoring.files import DataFile, FileFormat
from solicitation_detector.rescoring.rows import Rows, parse_line, python_values
from solicitation_detector.rescoring.tables import table_batch
from solicitation_detector.rescoring.verdict_columns import VERDICT_SCHEMA


class RowWriter(Protocol):
    """Takes rows and their verdict columns in order."""

    def write(self, rows: Rows, verdicts: pa.RecordBatch) -> None:
        """Add some rows."""


@contextmanager
def open_writer(path: Path, output: DataFile, schema: pa.Schema, renamed: Mapping[str, str]) -> Iterator[RowWriter]:
    """A writer to ``path`` in the format of ``output``.

    Args:
        path: the file to write, whatever its name.
        output: says format and compression.
        schema: the input's columns as the output has them; of no use where lines of JSON go to lines of JSON.
        renamed: input columns that get another name because an added column has theirs.
    """
    if output.format is FileFormat.PARQUET:
        target = _parquet_schema(schema, renamed)
        with parquet.ParquetWriter(path, target) as writer:
            yield _ParquetRows(writer, schema, target)
        return
    with _open_bytes(path, output.gzipped) as target_file:
        if output.format is FileFormat.JSONL:
            yield _JsonRows(target_file, renamed)
            return
        # Bytes that were no UTF-8 in the input go out as they came in.
        text = io.TextIOWrapper(target_file, encoding="utf-8", errors="surrogateescape", newline="")
        yield _CsvRows(text, schema, renamed)
        text.detach()  # flushes; the file under it is closed by who opened it


@contextmanager
def _open_bytes(path: Path, gzipped: bool) -> Iterator[BinaryIO]:
    with path.open("wb") as plain:
        if not gzipped:
            yield plain
            return
        # Without name and time in the header, so that equal content is equal bytes.
        with gzip.GzipFile("", "wb", fileobj=plain, mtime=0) as packed:
            yield cast(BinaryIO, packed)


def _parquet_schema(schema: pa.Schema, renamed: Mapping[str, str]) -> pa.Schema:
    fields = [field.with_name(renamed.get(field.name, field.name)) for field in schema]
    metadata = dict(schema.metadata or {})
    if renamed:
        metadata.pop(b"pandas", None)  # it lists columns by name
    return pa.schema([*fields, *VERDICT_SCHEMA], metadata=metadata or None)


class _ParquetRows:
    def __init__(self, writer: Any, schema: pa.Schema, target: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._target = target

    def write(self, rows: Rows, verdicts: pa.RecordBatch) -> None:
        columns = [*table_batch(rows, self._schema).columns, *verdicts.columns]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._target))


class _CsvRows:
    def __init__(self, text: io.TextIOWrapper, schema: pa.Schema, renamed: Mapping[str, str]) -> None:
        self._schema = schema
        self._writer = csv.writer(text, lineterminator="\n")
        self._quoting_writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._write_row([*(renamed.get(name, name) for name in schema.names), *VERDICT_SCHEMA.names])

    def write(self, rows: Rows, verdicts: pa.RecordBatch) -> None:
        columns = [_values(column) for column in table_batch(rows, self._schema).columns]
        added = verdicts.to_pydict()
        added["labels"] = [None if labels is None else ";".join(labels) for labels in added["labels"]]
        for cells in zip(*columns, *added.values(), strict=True):
            self._write_row([_cell(value) for value in cells])

    def _write_row(self, cells: list[Any]) -> None:
        # Older csv modules leave a bare carriage return unquoted, which readers take for the end of a row.
        quote = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (self._quoting_writer if quote else self._writer).writerow(cells)


def _values(column: pa.Array) -> list[Any]:
    """Python values without loss; nanoseconds, which Python's date-times lack, as text."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.string())
    return python_values(column)


def _cell(value: Any) -> Any:
    """A value for a CSV file; nested ones as JSON."""
    if value is None or isinstance(value, (str, float)):
        return value
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


class _JsonRows:
    def __init__(self, target: BinaryIO, renamed: Mapping[str, str]) -> None:
        self._target = target
        self._renamed = renamed

    def write(self, rows: Rows, verdicts: pa.RecordBatch) -> None:
        added = verdicts.to_pylist()
        if rows.json_lines:
            lines = [self._extended(line, more) for line, more in zip(rows.lines(), added, strict=True)]
        else:
            columns = [_values(column) for column in rows.data.columns]
            names = [self._renamed.get(name, name) for name in rows.data.schema.names]
            cells = zip(*columns, strict=True) if columns else iter([()] * len(rows))
            lines = [_json({**dict(zip(names, row, strict=True)), **more}) for row, more in zip(cells, added, strict=True)]
        self._target.writelines(line + b"\n" for line in lines)

    def _extended(self, line: bytes, added: Mapping[str, Any]) -> bytes:
        """The line with more keys at its end; what was there stays byte by byte unless a key has to be renamed."""
        if not self._renamed and (added["error"] is None or not added["error"].startswith("line: ")):
            head = line[:-1].rstrip()
            more = json.dumps(added, ensure_ascii=False).encode("utf-8")  # plain values only
            return head + (b", " if head != b"{" else b"") + more[1:]
        row = {self._renamed.get(key, key): value for key, value in parse_line(line).items()}
        return _json({**row, **added})


def _json(values: Mapping[str, Any]) -> bytes:
    plain = _plain(values)
    try:
        return json.dumps(plain, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:  # lone surrogates can only be written escaped
        return json.dumps(plain).encode("ascii")


def _plain(value: Any) -> Any:
    """A value that JSON has: dates in ISO form, no NaN."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
