"""Reading a file in small runs of rows, the same runs each time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from solicitation_detector.errors import InvalidInput
from solicitation_detector.rescoring.files import DataFile, FileFormat
from solicitation_detector.rescoring.rows import Rows

# The longest row that a CSV file may have.
_CSV_BLOCK_BYTES = 16 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What a cut or damaged file gives while it is read and unpacked.
_DAMAGE = (EOFError, OSError, zlib.error)


def read_rows(file: DataFile, rows_at_a_time: int, columns: Sequence[str] | None = None) -> Iterator[Rows]:
    """All rows of a file in order.

    Args:
        file: what to read.
        rows_at_a_time: at most so many in one ``Rows``.
        columns: a Parquet file is read in these columns only; other formats come whole.

    Raises:
        InvalidInput: the file is broken. The error holds nothing of its content.
    """
    if file.format is FileFormat.PARQUET:
        batches = _read_parquet(file, rows_at_a_time, columns)
    elif file.format is FileFormat.CSV:
        batches = _read_csv(file)
    else:
        yield from _read_lines(file, rows_at_a_time)
        return
    for batch in batches:
        for start in range(0, batch.num_rows, rows_at_a_time):
            yield Rows(batch.slice(start, rows_at_a_time))


def read_schema(file: DataFile) -> pa.Schema:
    """Columns of a Parquet or CSV file; those of a CSV file are bytes, so that nothing of them is lost.

    Raises:
        InvalidInput: the file is broken, or two columns have the same name.
    """
    if file.format is FileFormat.PARQUET:
        schema = _open_parquet(file).schema_arrow
    else:
        schema = pa.schema([pa.field(name, pa.binary()) for name in _csv_header(file)])
    for name in schema.names:
        if schema.names.count(name) > 1:
            raise InvalidInput(f"{file.path}: has {schema.names.count(name)} columns named {name!r}")
    return schema


def _open_parquet(file: DataFile) -> Any:
    try:
        return parquet.ParquetFile(file.path)
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"{file.path}: is not a Parquet file: {error}") from None


def _read_parquet(file: DataFile, rows_at_a_time: int, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    with _open_parquet(file) as opened:
        try:
            yield from opened.iter_batches(rows_at_a_time, columns=columns)
        except (pa.ArrowInvalid, *_DAMAGE) as error:
            raise InvalidInput(f"{file.path}: is a broken Parquet file ({type(error).__name__})") from None


def _csv_header(file: DataFile) -> list[str]:
    with file.open_to_read() as source:
        reader = _open_csv(file, source, {})
        try:
            names: list[str] = reader.schema.names
        except UnicodeDecodeError:
            raise InvalidInput(f"{file.path}: the header is not UTF-8") from None
    return names


def _read_csv(file: DataFile) -> Iterator[pa.RecordBatch]:
    names = _csv_header(file)
    bad_rows: list[str] = []
    with file.open_to_read() as source:
        # A blank line is a row only where a row has a single cell: there it is one without text.
        batches = _open_csv(file, source, dict.fromkeys(names, pa.binary()), bad_rows, skip_blank=len(names) > 1)
        try:
            yield from batches
        except (pa.ArrowInvalid, *_DAMAGE) as error:
            # Arrow's own words quote the row, and with it the message.
            raise InvalidInput(f"{file.path}: {_csv_problem(bad_rows, error)}") from None


def _open_csv(
    file: DataFile,
    source: BinaryIO,
    types: dict[str, pa.DataType],
    bad_rows: list[str] | None = None,
    skip_blank: bool = True,
) -> Any:
    bad_rows = [] if bad_rows is None else bad_rows

    def refuse(row: Any) -> str:
        bad_rows.append(f"row {row.number} has {row.actual_columns} cells, the header has {row.expected_columns}")
        return "error"

    try:
        return arrow_csv.open_csv(
            source,
            # One thread, because only then rows are numbered; and bytes, whatever the encoding, in the first look too.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=_CSV_BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=skip_blank, invalid_row_handler=refuse
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except (pa.ArrowInvalid, *_DAMAGE) as error:
        raise InvalidInput(f"{file.path}: {_csv_problem(bad_rows, error)}") from None


def _csv_problem(bad_rows: list[str], error: Exception) -> str:
    if bad_rows:
        return bad_rows[0]
    if "Empty CSV" in str(error):
        return "is empty, a CSV file needs a header"
    return f"is a broken CSV file, or has a row of more than {_CSV_BLOCK_BYTES} bytes"


def _read_lines(file: DataFile, rows_at_a_time: int) -> Iterator[Rows]:
    with file.open_to_read() as source:
        lines = _lines(source)
        try:
            while batch := list(islice(lines, rows_at_a_time)):
                yield Rows.from_lines(batch)
        except _DAMAGE as error:
            raise InvalidInput(f"{file.path}: cannot be read on ({type(error).__name__})") from None


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; blank ones are no rows."""
    for number, line in enumerate(source):
        line = (line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line).strip()
        if line:
            yield line
