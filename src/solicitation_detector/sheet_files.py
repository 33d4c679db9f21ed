"""Author sheets as files: checked, and added to a corpus folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solicitation_detector.atomic import written_whole
from solicitation_detector.datasets import CorpusRow
from solicitation_detector.errors import InvalidCorpus, InvalidSheet
from solicitation_detector.sheets import describe, parse_sheet


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What a sheet holds and what is wrong with it.

    Attributes:
        rows: corpus rows.
        complaints: one sentence each.
    """

    rows: list[dict[str, Any]]
    complaints: list[str]

    def to_text(self) -> str:
        """Counts, then the complaints."""
        return "\n".join([describe(self.rows), *(self.complaints or ["no complaints"])])


def check_sheet(sheet: Path, *, lang: str, author: str) -> SheetReport:
    """Read a sheet and check its rows against the corpus schema.

    Args:
        sheet: the author's file.
        lang: two-letter code of its language.
        author: the author's id, small letters and digits.

    Raises:
        InvalidSheet: an id or code that is none, or a file that is not UTF-8.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", author):
        raise InvalidSheet(f"author: wanted small letters, digits, - and _, found {author!r}")
    if not re.fullmatch(r"[a-z]{2}", lang):
        raise InvalidSheet(f"lang: wanted a two-letter code, found {lang!r}")
    try:
        source = sheet.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidSheet(f"{sheet}: is not UTF-8 at byte {error.start}") from None
    rows, complaints = parse_sheet(source, author=author, lang=lang)
    for number, row in enumerate(rows, start=1):
        try:
            CorpusRow.from_dict(row)
        except InvalidCorpus as error:
            complaints.append(f"message {number}: {error}")
    if not rows:
        complaints.append("no message in this sheet")
    return SheetReport(rows, complaints)


def add_sheet(sheet: Path, data: Path, *, lang: str, author: str) -> Path:
    """Write a sheet's rows to ``AUTHOR.jsonl`` in a corpus folder, a file an author.

    Raises:
        InvalidSheet: the sheet has complaints, or the author has a file there already: pair ids would clash.
    """
    report = check_sheet(sheet, lang=lang, author=author)
    if report.complaints:
        raise InvalidSheet(f"{sheet}: {len(report.complaints)} complaints, nothing added; see corpus check")
    target = data / f"{author}.jsonl"
    if target.exists():
        raise InvalidSheet(f"{target}: is there already; give this sheet another author, or delete the file first")
    if not data.is_dir():
        raise InvalidSheet(f"{data}: no such folder")
    with written_whole(target) as temporary:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in report.rows)
        temporary.write_text("".join(lines), encoding="utf-8")
    return target
