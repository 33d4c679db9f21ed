"""The history of a row, taken from the rows of its conversation.

A first pass over conversation ids and times alone tells which rows are the last ten before each row. The pass that
judges then keeps a turn only as long as a later row of the file needs it. What a row needs from further down is read
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solicitation_detector.messages import HISTORY_TURNS, Turn
from solicitation_detector.rescoring.message_columns import read_turns
from solicitation_detector.rescoring.rows import Rows

_NO_TIME = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Conversations:
    """Which rows come before which; about 60 bytes a row.

    Attributes:
        order: row numbers, sorted by conversation and within one by time.
        place: for each row its place in ``order``.
        start: for each place in ``order`` the place where its conversation begins; a row without one stands alone.
        last_use: for each row the last row of the file that has it as a turn, or -1.
        first_use: for each row the first one, or a number beyond the last row.
    """

    order: NDArray[np.int64]
    place: NDArray[np.int64]
    start: NDArray[np.int64]
    last_use: NDArray[np.int64]
    first_use: NDArray[np.int64]

    def turns_of(self, row: int) -> list[int]:
        """Numbers of the rows that are a row's history, oldest first."""
        place = int(self.place[row])
        return [int(r) for r in self.order[max(int(self.start[place]), place - HISTORY_TURNS) : place]]

    def needed_early(self) -> NDArray[np.int64]:
        """Rows that are a turn of a row further up in the file."""
        return np.flatnonzero(self.first_use < np.arange(len(self.order)))


def find_conversations(batches: Iterable[Rows], columns: Mapping[str, str]) -> Conversations:
    """Read ids and times of all rows and sort them.

    Within a conversation rows go by time. Rows of the same time keep the order of the file; a row whose time is missing
    or unreadable has that of the row before it in the file.
    """
    codes: dict[Any, int] = {}
    groups: list[NDArray[np.int64]] = []
    times: list[NDArray[np.int64]] = []
    n_rows = 0
    for rows in batches:
        found = rows.values([columns[name] for name in ("conversation_id", "sent_at") if name in columns])
        ids = found.get(columns["conversation_id"]) or [None] * len(rows)
        moments = found.get(columns.get("sent_at", "")) or [None] * len(rows)
        # A row without a conversation has one of its own.
        groups.append(np.array([_code(value, codes, -1 - (n_rows + i)) for i, value in enumerate(ids)], np.int64))
        times.append(np.array([_microseconds(value) for value in moments], np.int64))
        n_rows += len(rows)
    return _sorted(np.concatenate([*groups, np.zeros(0, np.int64)]), np.concatenate([*times, np.zeros(0, np.int64)]))


def _code(value: Any, codes: dict[Any, int], alone: int) -> int:
    if value is None or value == "" or not isinstance(value, (str, int)):
        return alone
    return codes.setdefault(str(value), len(codes))


def _microseconds(value: Any) -> int:
    """Microseconds since 1970; a time without a zone counts as UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return _NO_TIME
    if not isinstance(value, datetime):
        return _NO_TIME
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    microseconds: int = (value - _EPOCH) // _MICROSECOND
    return microseconds


def _sorted(groups: NDArray[np.int64], times: NDArray[np.int64]) -> Conversations:
    n_rows = len(groups)
    rows = np.arange(n_rows, dtype=np.int64)
    order = np.lexsort((rows, _with_times_filled(groups, times), groups)).astype(np.int64)
    place = np.empty_like(rows)
    place[order] = rows
    begins = np.ones(n_rows, dtype=bool)
    begins[1:] = groups[order][1:] != groups[order][:-1]
    start = np.maximum.accumulate(np.where(begins, rows, 0))
    last_use, first_use = np.full(n_rows, -1, np.int64), np.full(n_rows, n_rows, np.int64)
    for distance in range(1, min(HISTORY_TURNS, n_rows - 1) + 1):
        together = rows[distance:] - distance >= start[distance:]
        turn, user = order[:-distance][together], order[distance:][together]
        last_use[turn] = np.maximum(last_use[turn], user)
        first_use[turn] = np.minimum(first_use[turn], user)
    return Conversations(order, place, start, last_use, first_use)


def _with_times_filled(groups: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times in which a missing one is that of the row before it in its conversation."""
    by_group = np.argsort(groups, kind="stable")
    grouped = times[by_group]
    begins = np.ones(len(times), dtype=bool)
    begins[1:] = groups[by_group][1:] != groups[by_group][:-1]
    known = np.where(begins | (grouped != _NO_TIME), np.arange(len(times)), 0)
    filled = np.empty_like(times)
    filled[by_group] = grouped[np.maximum.accumulate(known)]
    return filled


class HistoryKeeper:
    """Gives each row its history while the file is read from the top."""

    def __init__(self, conversations: Conversations, columns: Mapping[str, str]) -> None:
        self._conversations = conversations
        self._columns = columns
        self._kept: dict[int, Turn | None] = {}
        self._next_row = 0

    def read_early(self, batches: Iterable[Rows]) -> None:
        """Keep the turns that rows further up need. ``batches``, the whole input, is not touched if there are none."""
        needed = self._conversations.needed_early()
        if not len(needed):
            return
        first = 0
        for rows in batches:
            within = needed[np.searchsorted(needed, first) : np.searchsorted(needed, first + len(rows))]
            self._keep(rows, first, [int(row) for row in within])
            first += len(rows)

    def histories(self, rows: Rows) -> list[tuple[Turn, ...]]:
        """The history of each of the next rows of the input."""
        first, end = self._next_row, self._next_row + len(rows)
        self._next_row = end
        last_use = self._conversations.last_use[first:end]
        self._keep(rows, first, [first + int(i) for i in np.flatnonzero(last_use >= first)])
        used: set[int] = set()
        histories = []
        for row in range(first, end):
            turns = self._conversations.turns_of(row)
            used.update(turns)
            histories.append(tuple(turn for r in turns if (turn := self._kept[r]) is not None))
        for row in used:
            if self._conversations.last_use[row] < end:
                del self._kept[row]
        return histories

    def _keep(self, rows: Rows, first: int, wanted: list[int]) -> None:
        turns = read_turns(rows, self._columns, [row - first for row in wanted])
        self._kept.update(zip(wanted, turns, strict=True))
