"""Whole runs: processes, folders, stopping and going on, refusals, and the comparison of two runs."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from conftest import FakeDetector
from rescoring_files import (
    TEXTS,
    read_jsonl,
    read_parquet,
    run,
    write_csv,
    write_jsonl,
    write_parquet,
)
from solicitation_detector.errors import InvalidInput
from solicitation_detector.messages import LABELS, Label, Message, Verdict
from solicitation_detector.rescoring import compare


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
    other = {**dict.fromkeys(LABELS, "none"), Label.GOING_DIRECT: "hello"}
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
