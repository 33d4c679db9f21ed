"""Rescoring: every row of a file judged, and the file written anew with what was found."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from solicitation_detector.errors import InvalidInput
from solicitation_detector.rescoring.conversations import HistoryKeeper, find_conversations
from solicitation_detector.rescoring.files import DataFile
from solicitation_detector.rescoring.judging import LoadDetector, Work, judge_all
from solicitation_detector.rescoring.parts import Parts
from solicitation_detector.rescoring.rows import Rows
from solicitation_detector.rescoring.source import Source
from solicitation_detector.rescoring.writing import RowWriter, open_writer


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoreOptions:
    """How to rescore.

    Attributes:
        columns: Message field → column, where the names differ.
        jobs: processes that judge.
        resume: whether finished parts of a stopped run are used.
        rows_at_a_time: rows that are judged, and stored as a part, together.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 1
    resume: bool = False
    rows_at_a_time: int = 20_000


@dataclass(frozen=True, slots=True)
class RescoreReport:
    """What came of it.

    Attributes:
        rows: rows written.
        not_judged: those whose ``error`` is filled.
        renamed: input columns that had the name of an added one → the name under which they are kept.
    """

    rows: int
    not_judged: int
    renamed: Mapping[str, str]


def rescore(source_path: Path, output: Path, load: LoadDetector, options: RescoreOptions) -> RescoreReport:
    """Judge all rows of a file or folder and write them, with the added columns, to ``output``.

    Args:
        source_path: a CSV, JSONL or Parquet file, or a folder of Parquet files.
        output: a file of one of these formats; a folder if the source is one.
        load: makes the detector; called once here and once in every further process.
        options: how.

    Raises:
        InvalidInput: the input as a whole cannot be read, or the output cannot be written there.
    """
    _check_output(source_path, output)
    source = Source.open(source_path, options.columns, options.rows_at_a_time)
    renamed = source.renamed()
    detector = load()
    state = {
        "input": source.identity(),
        "columns": dict(options.columns),
        "rows_at_a_time": options.rows_at_a_time,
        "model_version": detector.model_version,
        "policy_version": detector.policy.version,
    }
    parts = Parts.open(output, state, resume=options.resume)
    with tqdm(unit=" messages", disable=not sys.stderr.isatty()) as progress:
        works = _remaining(source, parts, progress)
        for number, verdicts in judge_all(works, source.columns, detector, load, options.jobs):
            parts.write(number, verdicts)
            progress.update(verdicts.num_rows)
    if source.identity() != state["input"]:
        raise InvalidInput(f"{source_path}: changed while it was read; delete {parts.folder} and begin anew")
    rows, not_judged = _assemble(source, parts, output, renamed)
    parts.delete()
    return RescoreReport(rows, not_judged, renamed)


def _check_output(source: Path, output: Path) -> None:
    """Refuse before the work what would be refused after it."""
    if not source.exists():
        raise InvalidInput(f"{source}: no such file or folder")
    if not output.parent.is_dir():
        raise InvalidInput(f"{output.parent}: no such folder to write to")
    if output.resolve().is_relative_to(source.resolve()):
        raise InvalidInput(f"{output}: is the input, or lies in it; choose another output")
    if source.is_dir():
        if output.exists():
            raise InvalidInput(f"{output}: is there already; choose another folder")
    else:
        DataFile.at(output)
        if output.is_dir():
            raise InvalidInput(f"{output}: is a folder, and the input is a file")


def _remaining(source: Source, parts: Parts, progress: tqdm[Any]) -> Iterator[Work]:
    """What is still to be judged, with the history of each row."""
    keeper = _history_keeper(source)
    for number, rows in enumerate(source.batches()):
        history = None if keeper is None else keeper.histories(rows)
        if parts.has(number):
            progress.update(len(rows))
        else:
            yield Work(number, rows.only(source.columns.values()), history)


def _history_keeper(source: Source) -> HistoryKeeper | None:
    if not source.takes_history_from_rows:
        return None
    conversations = find_conversations(source.batches(("conversation_id", "sent_at")), source.columns)
    keeper = HistoryKeeper(conversations, source.columns)
    keeper.read_early(source.batches(("text", "sender_role")))
    return keeper


def _assemble(source: Source, parts: Parts, output: Path, renamed: Mapping[str, str]) -> tuple[int, int]:
    """Write input and parts side by side; the output takes its name once it is whole."""
    whole, number, n_rows, not_judged = parts.unfinished_output, 0, 0, 0
    for file in source.files:
        target = whole / file.path.relative_to(source.root) if source.root.is_dir() else whole
        target.parent.mkdir(parents=True, exist_ok=True)
        kind = DataFile.at(file.path if source.root.is_dir() else output)
        with open_writer(target, kind, source.schema_for(file, kind.format), renamed) as writer:
            for rows in source.batches_of(file):
                not_judged += _write_part(writer, rows, parts, number)
                number, n_rows = number + 1, n_rows + len(rows)
    os.replace(whole, output)
    return n_rows, not_judged


def _write_part(writer: RowWriter, rows: Rows, parts: Parts, number: int) -> int:
    verdicts = parts.read(number)
    writer.write(rows, verdicts)
    return len(rows) - int(verdicts.column("error").null_count)
