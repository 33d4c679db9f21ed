"""The same message gets the same verdict on every surface."""

from __future__ import annotations

import asyncio
import csv
import json

import httpx
import pandas as pd
import pytest

from solicitation_detector.cli import main
from solicitation_detector.datasets import load_corpus
from solicitation_detector.service import create_app
from solicitation_detector.settings import Settings

COUNT = 300
FIELDS = ("text", "sender_role", "payment_status", "history")
SCORES = ("score_going_direct", "score_source_before_payment", "score_free_test_task")


@pytest.fixture(scope="module")
def rows(corpus_folder):
    rows = load_corpus(corpus_folder / "benchmark")
    return rows[:: len(rows) // COUNT][:COUNT]


@pytest.fixture(scope="module")
def verdicts(shipped, rows):
    return shipped.detect([row.message for row in rows])


@pytest.fixture(scope="module")
def records(rows):
    return [{name: row.to_dict()[name] for name in FIELDS} for row in rows]


def test_one_by_one(shipped, rows, verdicts):
    assert [shipped.detect([row.message])[0] for row in rows] == verdicts


def test_http(shipped, records, verdicts):
    async def post():
        transport = httpx.ASGITransport(app=create_app(shipped, Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/v1/detect", json={"messages": records})

    answer = asyncio.run(post())
    assert answer.status_code == 200
    assert answer.json()["verdicts"] == json.loads(json.dumps([verdict.to_dict() for verdict in verdicts]))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_files(tmp_path, records, verdicts, ending, jobs):
    source, target = tmp_path / f"chat.{ending}", tmp_path / "judged.jsonl"
    _write(records, source)
    assert main(["rescore", str(source), "--output", str(target), "--jobs", jobs]) == 0
    judged = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["labels"] for row in judged] == [[str(label) for label in verdict.labels] for verdict in verdicts]
    assert [[row[name] for name in SCORES] for row in judged] == [list(verdict.scores.values()) for verdict in verdicts]
    for name in ("action", "language", "model_version", "policy_version"):
        assert [row[name] for row in judged] == [str(getattr(verdict, name)) for verdict in verdicts]


def _write(records, path):
    if path.suffix == ".parquet":
        pd.DataFrame(records).to_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(record | {"history": json.dumps(record["history"])} for record in records)
