"""Rescoring of files: nothing lost, nothing reordered, the same verdicts as everywhere else."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import FakeDetector
from hypothesis import given, settings
from hypothesis import strategies as st

from solicitation_detector.errors import InvalidInput, InvalidMessage
from solicitation_detector.messages import LABELS, Label, Message, Verdict
from solicitation_detector.rescoring import RescoreOptions, RescoreReport, compare, rescore
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


def test_history_comes_from_the_conversation_in_order_of_time(tmp_path: Path) -> None:
    rows = [
        {"conversation_id": "a", "sent_at": "2025-01-01T10:03:00Z", "text": "sure"},
        {"conversation_id": "b", "sent_at": "2025-01-01T10:00:00Z", "text": "free sample"},
        {"conversation_id": "a", "sent_at": "2025-01-01T12:02:00+02:00", "text": "Telegram?"},
        {"conversation_id": "b", "sent_at": "2025-01-01T10:01:00Z", "text": "sure"},
        {"conversation_id": None, "sent_at": "2025-01-01T10:02:00Z", "text": "sure"},
        {"conversation_id": "a", "sent_at": None, "text": "sure"},
        {"conversation_id": "b", "sent_at": "2025-01-01T10:01:00Z", "text": "psd first"},
    ]
    for ending in ("jsonl", "csv", "parquet"):
        run(WRITE[ending](tmp_path / f"in.{ending}", rows), tmp_path / f"out.{ending}")
        labels = [verdict_of(row)["labels"] for row in READ[ending](tmp_path / f"out.{ending}")]
        direct, test, source = ["going_direct"], ["free_test_task"], ["source_before_payment"]
        assert labels == [direct, test, direct, test, [], direct, source]


def test_a_history_column_is_not_overruled(tmp_path: Path) -> None:
    rows = [{"conversation_id": "a", "text": "Telegram?"}, {"conversation_id": "a", "text": "sure", "history": []}]
    run(write_jsonl(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    assert [row["labels"] for row in read_jsonl(tmp_path / "out.jsonl")] == [["going_direct"], []]


_conversation_rows = st.lists(
    st.fixed_dictionaries(
        {
            "conversation_id": st.sampled_from(["a", "b", 3, None, ""]),
            "sent_at": st.sampled_from([None, "soon", *(f"2025-01-01T00:0{m}:00Z" for m in range(6))]),
            "text": st.sampled_from(["Telegram", "sure", "fine", "thanks", "x" * 20_001]),
        }
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(rows=_conversation_rows, size=st.integers(1, 9))
def test_history_is_that_of_a_plain_sort(rows: list[dict[str, Any]], size: int) -> None:
    seen: list[Message | InvalidMessage] = []

    class Recorder(FakeDetector):
        def detect(self, messages: Sequence[Message]) -> list[Verdict]:
            seen.extend(messages)
            return super().detect(messages)

    with tempfile.TemporaryDirectory() as folder:
        source = write_jsonl(Path(folder) / "in.jsonl", [{**row, "id": i} for i, row in enumerate(rows)])
        run(source, Path(folder) / "out.jsonl", load=Recorder, rows_at_a_time=size)
    found = {int(m.id or ""): [t.text for t in m.history] for m in seen if isinstance(m, Message)}
    wanted = _plain_histories(rows)
    assert found.keys() <= wanted.keys()
    for number, texts in found.items():
        assert texts == wanted[number]


def _plain_histories(rows: list[dict[str, Any]]) -> dict[int, list[str]]:
    """The definition in docs/rescoring.md, the slow way."""
    conversations: dict[Any, list[tuple[str, int]]] = {}
    for number, row in enumerate(rows):
        turns = conversations.setdefault(row["conversation_id"] or f"alone {number}", [])
        own = row["sent_at"] if row["sent_at"] not in (None, "soon") else None
        turns.append((own or (turns[-1][0] if turns else ""), number))
    histories = {}
    for turns in conversations.values():
        ordered = [number for _, number in sorted(turns)]
        for place, number in enumerate(ordered):
            before = [rows[n]["text"] for n in ordered[max(0, place - 10) : place]]
            histories[number] = [text for text in before if len(text) <= 20_000]
    return histories


def test_sets_of_rows_of_any_size_and_several_processes_give_equal_files(tmp_path: Path) -> None:
    rows = [{"conversation_id": f"c{i % 7}", "text": TEXTS[i % 6] if i % 5 else "sure"} for i in range(200)]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    run(source, tmp_path / "all.jsonl", rows_at_a_time=1000)
    run(source, tmp_path / "one.jsonl", rows_at_a_time=1)
    run(source, tmp_path / "jobs.jsonl", rows_at_a_time=13, jobs=2)
    whole = (tmp_path / "all.jsonl").read_bytes()
    assert whole == (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "jobs.jsonl").read_bytes()


def test_a_folder_of_parquet_files(tmp_path: Path) -> None:
    (tmp_path / "in/day=2").mkdir(parents=True)
    write_parquet(tmp_path / "in/part-0.parquet", [{"conversation_id": "a", "text": "Telegram?"}])
    write_parquet(tmp_path / "in/day=2/part-1.parquet", [{"text": "free sample", "n": 1}])
    write_parquet(tmp_path / "in/part-2.parquet", [{"conversation_id": "a", "text": "sure"}])
    (tmp_path / "in/_SUCCESS").touch()
    assert run(tmp_path / "in", tmp_path / "out").rows == 3
    found = {
        str(path.relative_to(tmp_path / "out")): read_parquet(path)[0]["labels"]
        for path in (tmp_path / "out").rglob("*.parquet")
    }
    assert found == {
        "part-0.parquet": ["going_direct"],
        "day=2/part-1.parquet": ["free_test_task"],
        "part-2.parquet": ["going_direct"],
    }


def test_input_columns_named_like_an_added_one_are_kept_under_another_name(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": "Telegram", "labels": ["gold"], "language": "xx"}])
    first = run(source, tmp_path / "1.jsonl")
    assert first.renamed == {"labels": "input_labels", "language": "input_language"}
    second = run(tmp_path / "1.jsonl", tmp_path / "2.parquet")
    assert second.renamed["labels"] == "input_input_labels"
    row = read_parquet(tmp_path / "2.parquet")[0]
    assert (row["input_labels"], row["input_input_labels"], row["labels"]) == (
        ["gold"],
        ["going_direct"],
        ["going_direct"],
    )


class Stopping(FakeDetector):
    """Fails at the third set of rows."""

    calls = 0

    def detect(self, messages: Sequence[Message]) -> list[Verdict]:
        Stopping.calls += 1
        if Stopping.calls == 3:
            raise KeyboardInterrupt
        return super().detect(messages)


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """An input whose rescoring to out.jsonl was stopped after two parts of three."""
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": text, "conversation_id": "a"} for text in TEXTS])
    Stopping.calls = 0
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "out.jsonl", load=Stopping)
    return source


def test_a_stopped_run_is_resumed_without_judging_twice(tmp_path: Path, stopped: Path) -> None:
    assert not (tmp_path / "out.jsonl").exists()
    run(stopped, tmp_path / "out.jsonl", load=Stopping, resume=True)
    assert Stopping.calls == 4
    run(stopped, tmp_path / "fresh.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "fresh.jsonl").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh.jsonl", "in.jsonl", "out.jsonl"]


def test_a_stopped_run_is_not_overwritten_unasked(tmp_path: Path, stopped: Path) -> None:
    with pytest.raises(InvalidInput, match="--resume"):
        run(stopped, tmp_path / "out.jsonl")


def test_parts_of_another_model_input_or_mapping_are_refused(tmp_path: Path, stopped: Path) -> None:
    with pytest.raises(InvalidInput, match="another model version"):
        run(stopped, tmp_path / "out.jsonl", load=partial(FakeDetector.load, Path("other")), resume=True)
    with pytest.raises(InvalidInput, match="another columns"):
        run(stopped, tmp_path / "out.jsonl", columns={"id": "conversation_id"}, resume=True)
    with stopped.open("a", encoding="utf-8") as target:
        target.write('{"text": "more"}\n')
    with pytest.raises(InvalidInput, match="another input"):
        run(stopped, tmp_path / "out.jsonl", resume=True)


def test_an_output_that_is_there_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": text} for text in TEXTS])
    (tmp_path / "out.jsonl").write_text("before")
    Stopping.calls = 0
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "out.jsonl", load=Stopping)
    assert (tmp_path / "out.jsonl").read_text() == "before"
    run(source, tmp_path / "out.jsonl", resume=True)
    assert len(read_jsonl(tmp_path / "out.jsonl")) == len(TEXTS)


def test_an_input_that_grows_meanwhile_is_refused(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": "hello"}])

    class Growing(FakeDetector):
        def detect(self, messages: Sequence[Message]) -> list[Verdict]:
            with source.open("a", encoding="utf-8") as target:
                target.write('{"text": "more"}\n')
            return super().detect(messages)

    with pytest.raises(InvalidInput, match="changed while it was read"):
        run(source, tmp_path / "out.jsonl", load=Growing)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("in.txt", b"hello", "wanted a name that ends in"),
        ("in.csv", b"", "is empty"),
        ("in.csv", b"body\nsecret\n", "no column 'text'; the input has body"),
        ("in.csv", b"text,text\nsecret,b\n", "2 columns named 'text'"),
        ("in.csv", b"text,n\nsecret,1,2\n", "row 2 has 3 cells, the header has 2"),
        ("in.csv.gz", b"secret", "broken CSV"),
        ("in.jsonl", b'{"body": "secret"}', "no column 'text'"),
        ("in.jsonl.gz", gzip.compress(b'{"text": "secret"}' * 99)[:-9], "cannot be read on"),
        ("in.parquet", b"secret", "is not a Parquet file"),
    ],
)
def test_an_input_that_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        run(tmp_path / name, tmp_path / "out.jsonl")
    assert complaint in str(caught.value)
    assert "secret" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_paths_that_cannot_be_are_refused(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": "hello"}])
    (tmp_path / "mixed").mkdir()
    write_parquet(tmp_path / "mixed/a.parquet", [{"text": "hello"}])
    for given_source, output, complaint in [
        (tmp_path / "none.csv", "out.csv", "no such file"),
        (source, "in.jsonl", "is the input"),
        (source, "none/out.csv", "no such folder"),
        (source, "out.xlsx", "wanted a name that ends in"),
        (source, "mixed", "wanted a name that ends in"),
        (tmp_path / "mixed", "mixed/out", "lies in it"),
        (tmp_path / "mixed", "in.jsonl", "is there already"),
    ]:
        with pytest.raises(InvalidInput, match=complaint):
            run(given_source, tmp_path / output)
    write_csv(tmp_path / "mixed/b.csv", [{"text": "hello"}])
    with pytest.raises(InvalidInput, match="Parquet files only"):
        run(tmp_path / "mixed", tmp_path / "out")
    with pytest.raises(InvalidInput, match="txt: is no field of a message"):
        run(source, tmp_path / "out.csv", columns={"txt": "text"})
    with pytest.raises(InvalidInput, match="text: no column 'body'"):
        run(source, tmp_path / "out.csv", columns={"text": "body"})


def test_comparison_counts_and_lists_what_changed(tmp_path: Path) -> None:
    texts = [*TEXTS, ""]
    source = write_jsonl(tmp_path / "in.jsonl", [{"id": f"m{i}", "text": text} for i, text in enumerate(texts)])
    run(source, tmp_path / "old.csv")
    other = {**{label: "none" for label in LABELS}, Label.GOING_DIRECT: "hello"}
    run(source, tmp_path / "new.parquet", load=partial(FakeDetector, None, "fake-2", other))
    assert not compare(tmp_path / "old.csv", tmp_path / "old.csv").changes
    comparison = compare(tmp_path / "old.csv", tmp_path / "new.parquet")
    assert [(change.row, change.id) for change in comparison.changes] == [(1, "m0"), (2, "m1"), (3, "m2"), (4, "m3")]
    assert (comparison.old["free_test_task"], comparison.new["free_test_task"]) == (1, 0)
    text = comparison.to_text()
    assert "4 of 7 verdicts changed" in text
    assert "row 1, id m0: allow -> remind (going_direct)" in text
    assert "Telegram" not in text


def test_only_rescored_files_of_the_same_messages_are_compared(tmp_path: Path) -> None:
    rows = [{"text": text} for text in TEXTS]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    run(source, tmp_path / "old.jsonl")
    run(write_jsonl(tmp_path / "less.jsonl", rows[:-1]), tmp_path / "short.jsonl")
    run(write_jsonl(tmp_path / "turned.jsonl", rows[::-1]), tmp_path / "other.jsonl")
    for path, complaint in [("short", "has more rows than"), ("other", "its text differs"), ("in", "no rescored file")]:
        with pytest.raises(InvalidInput, match=complaint) as caught:
            compare(tmp_path / "old.jsonl", tmp_path / f"{path}.jsonl")
        assert "Telegram" not in str(caught.value)
