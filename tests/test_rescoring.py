"""Rescoring of files: nothing lost, nothing reordered, the same verdicts as everywhere else."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescoring_files import (
    ADDED,
    READ,
    TEXTS,
    WRITE,
    expected_columns,
    read_csv,
    read_jsonl,
    read_parquet,
    run,
    verdict_of,
    write_csv,
    write_parquet,
)
from solicitation_detector.messages import Message
from solicitation_detector.rescoring import RescoreReport


@pytest.mark.parametrize("output", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_verdicts_of_python(tmp_path: Path, source: str, output: str) -> None:
    rows = [{"id": f"m{i}", "text": text, "sender_role": "client"} for i, text in enumerate(TEXTS)]
    path = WRITE[source](tmp_path / f"in.{source}", rows)
    target = tmp_path / f"out.{output}"
    report = run(path, target)
    assert report == RescoreReport(rows=len(rows), not_judged=0, renamed={})
    found = READ[output](target)
    assert [{name: row[name] for name in rows[0]} for row in found] == rows
    assert list(found[0]) == [*rows[0], *ADDED]
    assert [verdict_of(row) for row in found] == expected_columns([Message(**row) for row in rows])


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_gzip_in_and_out(tmp_path: Path, ending: str) -> None:
    plain = WRITE[ending](tmp_path / f"in.{ending}", [{"text": text} for text in TEXTS])
    packed = tmp_path / f"packed.{ending}.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    run(plain, tmp_path / f"out.{ending}")
    run(packed, tmp_path / f"out.{ending}.gz")
    assert gzip.decompress((tmp_path / f"out.{ending}.gz").read_bytes()) == (tmp_path / f"out.{ending}").read_bytes()


def test_parquet_keeps_types_nesting_and_metadata(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            pa.field("n", pa.int8(), nullable=False),
            pa.field("text", pa.dictionary(pa.int32(), pa.string())),
            pa.field("at", pa.timestamp("ns", "Europe/Paris")),
            pa.field("deep", pa.struct([("a", pa.list_(pa.decimal128(5, 2)))])),
            pa.field("raw", pa.binary()),
            pa.field("none", pa.null()),
        ],
        metadata={"owner": "trust"},
    )
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    rows = [
        {"n": i, "text": text, "at": moment + timedelta(i), "deep": {"a": []}, "raw": b"\xff", "none": None}
        for i, text in enumerate(TEXTS)
    ]
    source = write_parquet(tmp_path / "in.parquet", rows, schema)
    run(source, tmp_path / "out.parquet", rows_at_a_time=3)
    before, after = parquet.read_table(source), parquet.read_table(tmp_path / "out.parquet")
    assert after.select(before.column_names).equals(before, check_metadata=True)
    assert after.schema.names == [*before.column_names, *ADDED]
    assert after.schema.field("labels").type == pa.list_(pa.string())
    assert after.schema.metadata == before.schema.metadata


def test_jsonl_lines_stay_byte_by_byte(tmp_path: Path) -> None:
    lines = [
        '{"text":"hi", "price": 1.50, "big": 123456789012345678901234567890 }',
        '{"text": "\\u00e9", "a": {"b": []}}',
    ]
    (tmp_path / "in.jsonl").write_text("\ufeff" + "\r\n".join(lines) + "\n\n", encoding="utf-8")
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    found = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(found) == 2
    for line, extended in zip(lines, found, strict=True):
        assert extended.startswith(line.removesuffix("}").rstrip())


def test_csv_keeps_cells_as_they_are_written(tmp_path: Path) -> None:
    rows = [
        {"text": 'a, "b"\r\nc', "zip": "007", "price": "1.50", "empty": "", "flag": "TRUE", "when": "2024-01-02"},
        {"text": " padded ", "zip": "NA", "price": "null", "empty": " ", "flag": "nan", "when": "x"},
    ]
    run(write_csv(tmp_path / "in.csv", rows), tmp_path / "out.csv")
    assert [{name: row[name] for name in rows[0]} for row in read_csv(tmp_path / "out.csv")] == rows


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=9))
def test_any_text_survives_any_format(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("jsonl", "csv", "parquet"):
            source = WRITE[ending](Path(folder) / f"in.{ending}", [{"text": text, "n": "1"} for text in texts])
            report = run(source, Path(folder) / f"out.{ending}")
            found = READ[ending](Path(folder) / f"out.{ending}")
            assert [row["text"] for row in found] == texts
            assert report.not_judged == sum(not text for text in texts)
            assert [bool(row["error"]) for row in found] == [not text for text in texts]


def test_rows_that_cannot_be_judged_keep_their_place(tmp_path: Path) -> None:
    lines = [
        '{"text": "hello"}',
        '{"text": ""}',
        '{"text": 5, "n": 1}',
        "not json",
        "[1]",
        "{}",
        '{"text": "hi", "payment_status": "broke"}',
        json.dumps({"text": "x" * 20_001}),
        '{"text": "hi", "history": [{"text": 1}]}',
        '{"text": "Telegram"}',
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    rows = read_jsonl(tmp_path / "out.jsonl")
    assert (report.rows, report.not_judged) == (10, 8)
    assert [(row["error"] or "").split(":")[0] for row in rows] == [
        "", "text", "text", "line", "line", "text", "payment_status", "text", "history[0].text", "",
    ]  # fmt: skip
    assert [row.get("unreadable_line") for row in rows[3:5]] == ["not json", "[1]"]
    for row in rows[1:9]:
        assert all(row[name] is None for name in ADDED if name != "error")


def test_csv_rows_that_cannot_be_judged_keep_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"text,prior_reminders\nhello,\ncaf\xe9,1\n,2\nTelegram,2\nhello,two\n")
    report = run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert report.not_judged == 3
    assert b"caf\xe9,1," in (tmp_path / "out.csv").read_bytes()
    with (tmp_path / "out.csv").open(encoding="latin-1", newline="") as source:
        rows = list(csv.DictReader(source))
    assert [row["action"] for row in rows] == ["allow", "", "", "review", ""]
    assert rows[4]["error"].startswith("prior_reminders:")


def test_a_blank_line_is_a_row_where_it_is_the_only_cell(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("text\nhello\n\nworld\n", encoding="utf-8")
    assert run(tmp_path / "one.csv", tmp_path / "out.csv") == RescoreReport(3, 1, {})
    assert [row["text"] for row in read_csv(tmp_path / "out.csv")] == ["hello", "", "world"]
    (tmp_path / "two.csv").write_text("text,n\nhello,1\n\nworld,2\n", encoding="utf-8")
    assert run(tmp_path / "two.csv", tmp_path / "out.csv") == RescoreReport(2, 0, {})


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_no_rows_is_no_error(tmp_path: Path, ending: str) -> None:
    source = tmp_path / f"in.{ending}"
    if ending == "parquet":
        parquet.write_table(pa.table({"text": pa.array([], pa.string())}), source)
    else:
        source.write_text("text\n" if ending == "csv" else "", encoding="utf-8")
    assert run(source, tmp_path / f"out.{ending}").rows == 0
    assert READ[ending](tmp_path / f"out.{ending}") == []


def test_columns_are_read_as_fields_of_the_message(tmp_path: Path) -> None:
    history = [{"sender_role": "client", "text": "Telegram?"}]
    ended = {"contract_status": "ended", "contract_ended_on": "2020-01-01"}
    rows = [
        {"body": "sure", "history": json.dumps(history), "contract_status": "", "contract_ended_on": ""},
        {"body": "sure", "history": json.dumps(history), **ended},
        {"body": "sure", "history": "", **ended},
        {"body": "sure", "history": "[1", **ended},
    ]
    source = write_csv(tmp_path / "in.csv", rows)
    run(source, tmp_path / "out.csv", columns={"text": "body"})
    found = read_csv(tmp_path / "out.csv")
    assert [row["labels"] for row in found] == ["going_direct", "going_direct", "", ""]
    assert [row["action"] for row in found] == ["remind", "allow", "allow", ""]
    assert found[3]["error"] == "history: is not a JSON list"


def test_parquet_values_are_read_as_fields_of_the_message(tmp_path: Path) -> None:
    rows = [
        {"id": 7, "text": "Telegram", "prior_reminders": 2.0, "sent_at": datetime(2025, 1, 1, tzinfo=UTC)},
        {"id": 8, "text": "Telegram", "prior_reminders": None, "sent_at": None},
        {"id": 9, "text": "Telegram", "prior_reminders": float("nan"), "sent_at": None},
        {"id": 10, "text": "Telegram", "prior_reminders": 1.5, "sent_at": None},
    ]
    run(write_parquet(tmp_path / "in.parquet", rows), tmp_path / "out.parquet")
    found = read_parquet(tmp_path / "out.parquet")
    assert [row["action"] for row in found] == ["review", "remind", "remind", None]
    assert [row["id"] for row in found] == [7, 8, 9, 10]
