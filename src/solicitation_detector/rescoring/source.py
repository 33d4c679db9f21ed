"""An input as a whole: its files, its columns, and where the history of a row comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from solicitation_detector.rescoring.files import DataFile, FileFormat, input_files
from solicitation_detector.rescoring.message_columns import field_columns
from solicitation_detector.rescoring.reading import read_rows, read_schema
from solicitation_detector.rescoring.rows import Rows, parse_line
from solicitation_detector.rescoring.tables import json_schema
from solicitation_detector.rescoring.verdict_columns import VERDICT_SCHEMA


@dataclass(frozen=True, slots=True)
class Source:
    """What is rescored.

    Attributes:
        root: the file or folder that was named.
        files: its files, in order.
        names: all columns of all files.
        columns: Message field → column.
        rows_at_a_time: rows that are judged together.
    """

    root: Path
    files: list[DataFile]
    names: list[str]
    columns: Mapping[str, str]
    rows_at_a_time: int

    @classmethod
    def open(cls, root: Path, renamed_fields: Mapping[str, str], rows_at_a_time: int) -> Source:
        """Look at the input's files and columns.

        Raises:
            InvalidInput: nothing there, broken, or without a column for the text.
        """
        files = input_files(root)
        names: dict[str, None] = {}
        for file in files:
            own = _column_names(file, rows_at_a_time)
            names.update(dict.fromkeys(own))
            has_rows = own or file.format is not FileFormat.JSONL
            columns = field_columns(renamed_fields, own) if has_rows else {"text": "text"}
        if len(files) > 1:
            columns = field_columns(renamed_fields, list(names))
        return cls(root, files, list(names), columns, rows_at_a_time)

    @property
    def takes_history_from_rows(self) -> bool:
        """Whether the turns before a message are the earlier rows of its conversation."""
        return "conversation_id" in self.columns and "history" not in self.columns

    def batches(self, only: Sequence[str] | None = None) -> Iterator[Rows]:
        """All rows of all files in order; ``only`` names the fields that will be looked at."""
        for file in self.files:
            yield from self.batches_of(file, only)

    def batches_of(self, file: DataFile, only: Sequence[str] | None = None) -> Iterator[Rows]:
        """The rows of one file in order."""
        wanted = None
        if only is not None and file.format is FileFormat.PARQUET:
            present = read_schema(file).names
            wanted = [self.columns[field] for field in only if self.columns.get(field) in present]
            wanted = wanted or [self.columns["text"]]  # without any column the rows would not be counted
        return read_rows(file, self.rows_at_a_time, wanted)

    def schema_for(self, file: DataFile, output: FileFormat) -> pa.Schema:
        """The columns of a file as an output of some format has them."""
        if file.format is FileFormat.JSONL:
            return pa.schema([]) if output is FileFormat.JSONL else json_schema(self.batches_of(file))
        schema = read_schema(file)
        if file.format is FileFormat.CSV and output is FileFormat.PARQUET:
            return pa.schema([pa.field(name, pa.string()) for name in schema.names])
        return schema

    def renamed(self) -> dict[str, str]:
        """New names, ``input_`` and the old one, for input columns that have the name of an added one."""
        taken, renamed = {*self.names, *VERDICT_SCHEMA.names}, {}
        for name in self.names:
            new = name
            while new in taken and name in VERDICT_SCHEMA.names:
                new = f"input_{new}"
            if new != name:
                renamed[name] = new
                taken.add(new)
        return renamed

    def identity(self) -> list[list[Any]]:
        """Name, size and time of change of every file: what a resumed run must find again."""
        found = []
        for file in self.files:
            status = file.path.stat()
            name = file.path.relative_to(self.root).as_posix() if self.root.is_dir() else file.path.name
            found.append([name, status.st_size, status.st_mtime_ns])
        return found


def _column_names(file: DataFile, rows_at_a_time: int) -> list[str]:
    if file.format is not FileFormat.JSONL:
        return list(read_schema(file).names)
    names: dict[str, None] = {}
    for rows in read_rows(file, rows_at_a_time):
        for line in rows.lines():
            names.update(dict.fromkeys(parse_line(line)))
    return list(names)
