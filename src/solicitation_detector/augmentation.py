"""Copies of corpus rows for training only: padded with innocent sentences, so that padding teaches nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from solicitation_detector.datasets import CorpusRow, Rationale
from solicitation_detector.messages import LABELS, Label

EVERY = 3
MOST_SENTENCES = 4
_LONGEST_FILLER = 120


def padded_copies(rows: Sequence[CorpusRow], seed: int) -> list[CorpusRow]:
    """Every third row that is not ordinary chat, with one to four ordinary messages of its author and language around it.

    A copy has its original's author, so that leaving authors out leaves its copies out. Its rationale is the original's, or the
    whole original text where that has none.
    """
    random = np.random.default_rng(seed)
    fillers: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if row.slice == "ordinary" and not row.message.history and len(row.message.text) <= _LONGEST_FILLER:
            fillers[row.author, row.lang].append(row.message.text)
    chosen = [row for row in rows if row.slice not in ("ordinary", "long") and fillers[row.author, row.lang]][::EVERY]
    return [_padded(row, fillers[row.author, row.lang], random) for row in chosen]


def _padded(row: CorpusRow, fillers: list[str], random: np.random.Generator) -> CorpusRow:
    around = [fillers[i] for i in random.integers(len(fillers), size=random.integers(1, MOST_SENTENCES + 1))]
    cut = int(random.integers(len(around) + 1))
    before = "".join(f"{text}\n" for text in around[:cut])
    after = "".join(f"\n{text}" for text in around[cut:])
    text = row.message.text
    labels: list[Label | None] = [label for label in LABELS if label in row.labels] or [None]
    spans = row.rationale or tuple(Rationale(0, len(text), label) for label in labels)
    return replace(
        row,
        message=replace(row.message, text=before + text + after),
        rationale=tuple(Rationale(s.start + len(before), s.end + len(before), s.label) for s in spans),
    )
