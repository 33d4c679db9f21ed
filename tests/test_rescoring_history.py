"""The history of a row, taken from the rows of its conversation."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import FakeDetector
from rescoring_files import (
    READ,
    WRITE,
    read_jsonl,
    run,
    verdict_of,
    write_jsonl,
)
from solicitation_detector.errors import InvalidMessage
from solicitation_detector.messages import Message, Verdict


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
