"""Which files rescoring reads and writes: formats by file ending, folders of Parquet files."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from solicitation_detector.errors import InvalidInput


class FileFormat(StrEnum):
    """A file format that rows of messages come in."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file and what its ending says of it."""

    path: Path
    format: FileFormat
    gzipped: bool

    @classmethod
    def at(cls, path: Path) -> DataFile:
        """Tell the format by the ending.

        Raises:
            InvalidInput: an ending that is none of ours.

        >>> DataFile.at(Path("chat.jsonl.gz")).format
        <FileFormat.JSONL: 'jsonl'>
        """
        name = path.name.lower()
        gzipped = name.endswith(".gz")
        for file_format in FileFormat:
            if name.removesuffix(".gz").endswith(f".{file_format}") and not (gzipped and file_format == "parquet"):
                return cls(path, file_format, gzipped)
        raise InvalidInput(f"{path}: wanted a name that ends in .parquet, .csv, .jsonl, .csv.gz or .jsonl.gz")

    def open_to_read(self) -> BinaryIO:
        """The content, decompressed."""
        return cast(BinaryIO, gzip.open(self.path, "rb")) if self.gzipped else self.path.open("rb")


def input_files(source: Path) -> list[DataFile]:
    """The file itself, or all Parquet files of a folder and its sub-folders, in order of their paths.

    Names that begin with ``_`` or ``.`` are passed over, as Spark and Hadoop do.

    Raises:
        InvalidInput: nothing there, or a folder that holds something else.
    """
    if source.is_file():
        return [DataFile.at(source)]
    if not source.is_dir():
        raise InvalidInput(f"{source}: no such file or folder")
    found = sorted(path for path in source.rglob("*") if path.is_file() and not _is_hidden(path.relative_to(source)))
    files = [DataFile.at(path) for path in found]
    if others := [file.path for file in files if file.format is not FileFormat.PARQUET]:
        raise InvalidInput(f"{others[0]}: a folder must hold Parquet files only; rescore this file by itself")
    if not files:
        raise InvalidInput(f"{source}: no Parquet file in this folder")
    return files


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(("_", ".")) for part in path.parts)
