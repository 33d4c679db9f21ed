"""Author sheets: the text format in which authors write corpus messages by hand (docs/writing-guide.md).

A sheet is turned into corpus rows once; the rows in ``data/`` are what everything else reads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from solicitation_detector.errors import InvalidSheet

ROLES = {"c": "client", "f": "freelancer", "u": "unknown"}
PAYMENTS = {"u": "unpaid", "e": "escrowed", "p": "paid", "?": "unknown"}
LABEL_LETTERS = {"D": "going_direct", "S": "source_before_payment", "T": "free_test_task"}
STANCES = {
    "proposes": "proposes", "asks": "asks", "gives": "gives", "accepts": "accepts", "refuses": "refuses",
    "reports": "reports", "reminds": "reminds", "quotes": "quotes", "work": "work_content", "other": "other",
}  # fmt: skip
SLICES = ("plain", "twin", "ordinary", "evasive", "history", "payment", "long")

_HEADER = re.compile(
    r"@ (?P<role>[cfu]) (?P<payment>[uep?]) (?P<labels>-|[DST]{1,3}) (?P<stance>[a-z]+) (?P<slice>[a-z]+)"
    r" (?P<pair>-|p\d+)(?: (?P<lang>[a-z]{2}))?\s*"
)
_TURN = re.compile(r"< (?P<role>[cfu]): ?(?P<text>.+)")
_OPEN_MARK = re.compile(r"\[\[(?:(?P<letter>[DST])\|)?")


def parse_sheet(source: str, *, author: str, lang: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Read a sheet.

    Args:
        source: the sheet's text.
        author: the author's id, stored in every row and put before pair ids.
        lang: language code of rows whose header names none.

    Returns:
        The rows (as in ``data/*.jsonl``) and the complaints, one sentence each, with the line they are about.
    """
    rows: list[dict[str, Any]] = []
    complaints: list[str] = []
    for line_number, header, body in _blocks(source, complaints):
        try:
            rows.append(_row(header, body, author=author, lang=lang))
        except InvalidSheet as error:
            complaints.append(f"line {line_number}: {error}")
    complaints += _pair_complaints(rows)
    return rows, complaints


def _blocks(source: str, complaints: list[str]) -> Iterator[tuple[int, re.Match[str], list[str]]]:
    header: re.Match[str] | None = None
    start, body = 0, list[str]()
    for number, line in enumerate(source.splitlines(), start=1):
        if line.startswith("@ "):
            if header is not None:
                yield start, header, body
            header, start, body = _HEADER.fullmatch(line), number, []
            if header is None:
                complaints.append(f"line {number}: not a header: {line[:60]!r}")
        elif header is not None:
            body.append(line)
    if header is not None:
        yield start, header, body


def _row(header: re.Match[str], body: list[str], *, author: str, lang: str) -> dict[str, Any]:
    history = []
    while body and (turn := _TURN.fullmatch(body[0].rstrip())):
        history.append({"sender_role": ROLES[turn["role"]], "text": turn["text"].strip()})
        body = body[1:]
    labels = [label for letter, label in LABEL_LETTERS.items() if letter in header["labels"]]
    text, rationale = _take_marks("\n".join(body).strip(), labels)
    if not text:
        raise InvalidSheet("no text")
    if header["stance"] not in STANCES:
        raise InvalidSheet(f"stance {header['stance']!r} is none of {', '.join(STANCES)}")
    if header["slice"] not in SLICES:
        raise InvalidSheet(f"slice {header['slice']!r} is none of {', '.join(SLICES)}")
    if len(history) > 10:
        raise InvalidSheet(f"{len(history)} turns of history, ten at most")
    if (labels or header["slice"] == "twin") and not rationale:
        raise InvalidSheet("a positive or a twin needs its deciding words in [[ ]]")
    if header["slice"] in ("plain",) and not labels:
        raise InvalidSheet("slice plain is for positives; an innocent is a twin or ordinary")
    if header["slice"] in ("twin", "ordinary") and labels:
        raise InvalidSheet(f"slice {header['slice']} carries no label")
    return {
        "text": text,
        "labels": labels,
        "lang": header["lang"] or lang,
        "sender_role": ROLES[header["role"]],
        "payment_status": PAYMENTS[header["payment"]],
        "history": history,
        "author": author,
        "slice": header["slice"],
        "pair": None if header["pair"] == "-" else f"{author}-{header['pair']}",
        "stance": STANCES[header["stance"]],
        "rationale": rationale,
    }


def _take_marks(marked: str, labels: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """Strip ``[[…]]`` marks; spans are code points into the stripped text."""
    text, spans, position = "", [], 0
    while opening := _OPEN_MARK.search(marked, position):
        closing = marked.find("]]", opening.end())
        if closing < 0:
            raise InvalidSheet("[[ without ]]")
        text += marked[position : opening.start()]
        words = marked[opening.end() : closing]
        letter = opening["letter"]
        if letter and LABEL_LETTERS[letter] not in labels:
            raise InvalidSheet(f"mark [[{letter}|…]] but the header has no {letter}")
        if words.strip():
            label = LABEL_LETTERS[letter] if letter else labels[0] if len(labels) == 1 else None
            spans.append({"start": len(text), "end": len(text) + len(words), "label": label})
        text += words
        position = closing + 2
    return text + marked[position:], spans


def _pair_complaints(rows: list[dict[str, Any]]) -> list[str]:
    sizes = Counter(row["pair"] for row in rows if row["pair"])
    return [f"pair {pair}: only one row" for pair, size in sorted(sizes.items()) if size == 1]


def describe(rows: list[dict[str, Any]]) -> str:
    """Counts of a sheet's rows by label, slice, language, role, payment and stance, one line each."""
    counts = {
        "labels": Counter("".join(k for k, v in LABEL_LETTERS.items() if v in row["labels"]) or "-" for row in rows),
        **{
            field: Counter(row[field] for row in rows) for field in ("slice", "lang", "sender_role", "payment_status", "stance")
        },
    }
    lines = [f"{field}: " + ", ".join(f"{k} {n}" for k, n in counter.most_common()) for field, counter in counts.items()]
    with_history = sum(bool(row["history"]) for row in rows)
    return "\n".join([f"rows: {len(rows)}, with history: {with_history}", *lines])
