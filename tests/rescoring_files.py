"""Small files of messages, for the tests of rescoring."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from conftest import FakeDetector
from solicitation_detector.messages import LABELS, Message, Verdict
from solicitation_detector.rescoring import RescoreOptions, RescoreReport, rescore
from solicitation_detector.rescoring.verdict_columns import VERDICT_SCHEMA

ADDED = VERDICT_SCHEMA.names
TEXTS = [
    "hello",
    "find me on Telegram",
    "psd first, then money",
    "a free sample please",
    "line one\nline two",
    "ok 👍🏽",
]


def run(source: Path, output: Path, *, load: Any = FakeDetector.load, **options: Any) -> RescoreReport:
    return rescore(source, output, load, RescoreOptions(**{"rows_at_a_time": 2, **options}))


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema | None = None) -> Path:
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=schema), path, row_group_size=4)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def read_parquet(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


WRITE = {"csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet}
READ: dict[str, Any] = {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet}


def expected_columns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """What Python says, as Parquet and JSONL have it."""
    return [columns_of(verdict) for verdict in FakeDetector().detect(messages)]


def columns_of(verdict: Verdict) -> dict[str, Any]:
    return {
        **{f"score_{label}": verdict.scores[label] for label in LABELS},
        **{name: getattr(verdict, name) for name in ("flagged", "language", "model_version", "policy_version")},
        "labels": [str(label) for label in verdict.labels],
        "action": str(verdict.action),
        "error": None,
    }


def verdict_of(row: dict[str, Any]) -> dict[str, Any]:
    """The added cells of a row of any format, as Python values."""
    found = {name: row[name] for name in ADDED}
    if isinstance(row["flagged"], str):
        found = {name: value or None for name, value in found.items()}
        found.update({name: float(found[name]) for name in ADDED if name.startswith("score_")})
        found["labels"] = row["labels"].split(";") if row["labels"] else []
        found["flagged"] = {"true": True, "false": False}[row["flagged"]]
    return found
