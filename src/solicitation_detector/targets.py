"""What the units of a corpus are known to be: labels from rationales, stances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from solicitation_detector.classifier import UnitTargets
from solicitation_detector.datasets import CorpusRow, Rationale
from solicitation_detector.features import Batch
from solicitation_detector.messages import LABELS
from solicitation_detector.sheets import STANCES

STANCE_NAMES = tuple(sorted(set(STANCES.values())))
_OTHER = STANCE_NAMES.index("other")


def unit_targets(rows: Sequence[CorpusRow], batch: Batch) -> UnitTargets:
    """Labels and stances of units.

    A unit of a positive message is positive if a rationale touches it. Without rationale, the label of a message of several
    units is known for the whole only (-1). A stance belongs to the units that the rationale touches, ``other`` to the rest.
    """
    labels = np.zeros((len(batch.unit_message), len(LABELS)), dtype=np.int8)
    stances = np.zeros((len(batch.unit_message), len(STANCE_NAMES)), dtype=np.int8)
    bounds = np.searchsorted(batch.unit_message, np.arange(len(rows) + 1))
    for index, row in enumerate(rows):
        units = range(bounds[index], bounds[index + 1])
        spans = list(_unit_spans(batch, index)) if len(units) > 1 else [(0, len(row.message.text))]
        for k, label in enumerate(LABELS):
            if label in row.labels:
                labels[units, k] = _positive(spans, [r for r in row.rationale if r.label in (label, None)])
        if row.stance is not None:
            touched = _positive(spans, row.rationale) if row.rationale else np.ones(len(units))
            for unit, hit in zip(units, touched, strict=True):
                stances[unit, STANCE_NAMES.index(row.stance) if hit else _OTHER] = 1
    return UnitTargets(labels, stances)


def _positive(spans: list[tuple[int, int]], rationale: Sequence[Rationale]) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    if len(spans) == 1:
        return np.ones(1, dtype=np.int8)
    hits = [any(r.start < end and r.end > start for r in rationale) for start, end in spans]
    return np.array(hits, dtype=np.int8) if any(hits) else np.full(len(spans), -1, dtype=np.int8)


def _unit_spans(batch: Batch, message: int) -> Iterator[tuple[int, int]]:
    tokens, starts, spans = batch.analyses[message].parsed
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        yield spans[start][0], spans[end - 1][1]
