"""How well a model judges: figures a label, by language, slice and author, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from solicitation_detector.datasets import CorpusRow
from solicitation_detector.messages import LABELS

Floats = NDArray[np.float64]

FALSE_POSITIVE_RATES = (0.01, 0.001)
BOOTSTRAP_ROUNDS = 500
_CALIBRATION_BINS = 10
_GROUPS: tuple[tuple[str, Callable[[CorpusRow], str]], ...] = (
    ("language", lambda row: row.lang),
    ("slice", lambda row: row.slice),
    ("author", lambda row: row.author),
)


@dataclass(frozen=True)
class Judged:
    """Messages with what they are and what was said of them.

    Attributes:
        truth: 0 and 1, shape ``(n, 3)``.
        scores: probabilities, shape ``(n, 3)``.
        predicted: whether the score reached its threshold, shape ``(n, 3)``.
    """

    rows: list[CorpusRow]
    truth: NDArray[np.int8]
    scores: Floats
    predicted: NDArray[np.bool_]


def report(judged: Judged, seed: int = 0) -> dict[str, Any]:
    """All figures as nested dictionaries of plain numbers."""
    return {
        "messages": len(judged.rows),
        "authors": len({row.author for row in judged.rows}),
        "macro_f1": _with_interval(judged, _macro_f1, seed),
        "flagged_innocents": _flagged_innocents(judged.truth, judged.predicted),
        "labels": {str(label): _label_figures(judged, k, seed) for k, label in enumerate(LABELS)},
        "by": {name: _by_group(judged, [key(row) for row in judged.rows]) for name, key in _GROUPS},
    }


def _label_figures(judged: Judged, k: int, seed: int) -> dict[str, Any]:
    truth, scores, predicted = judged.truth[:, k], judged.scores[:, k], judged.predicted[:, k]
    figures: dict[str, Any] = {
        "positives": int(truth.sum()),
        "precision": float(precision_score(truth, predicted, zero_division=0.0)),
        "recall": float(recall_score(truth, predicted, zero_division=0.0)),
        "f1": _with_interval(judged, lambda t, p: float(f1_score(t[:, k], p[:, k], zero_division=0.0)), seed),
        "average_precision": float(average_precision_score(truth, scores)) if truth.any() else None,
        "expected_calibration_error": expected_calibration_error(truth, scores),
    }
    for rate in FALSE_POSITIVE_RATES:
        figures[f"recall_at_{rate:g}_false_positives"] = recall_at_false_positive_rate(truth, scores, rate)
    return figures


def recall_at_false_positive_rate(truth: NDArray[np.int8], scores: Floats, rate: float) -> float | None:
    """Recall at the lowest threshold at which at most this share of the negatives is flagged.

    >>> recall_at_false_positive_rate(np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.3, 0.1]), 0.0)
    0.5
    """
    negatives, positives = np.sort(scores[truth == 0])[::-1], scores[truth == 1]
    if not len(negatives) or not len(positives):
        return None
    allowed = int(rate * len(negatives))
    highest_refused = negatives[allowed] if allowed < len(negatives) else -np.inf
    return float((positives > highest_refused).mean())


def expected_calibration_error(truth: NDArray[np.int8], scores: Floats) -> float:
    """Mean distance of score and frequency over ten bins of equal width (Naeini et al. 2015)."""
    bins = np.minimum((scores * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    distances = [
        (bins == b).sum() * abs(float(truth[bins == b].mean()) - float(scores[bins == b].mean())) for b in np.unique(bins)
    ]
    return float(sum(distances) / max(len(scores), 1))


def _macro_f1(truth: NDArray[np.int8], predicted: NDArray[np.bool_]) -> float:
    return float(f1_score(truth, predicted, average="macro", zero_division=0.0))


def _flagged_innocents(truth: NDArray[np.int8], predicted: NDArray[np.bool_]) -> float | None:
    innocent = truth.sum(axis=1) == 0
    return float(predicted[innocent].any(axis=1).mean()) if innocent.any() else None


def _with_interval(
    judged: Judged, figure: Callable[[NDArray[np.int8], NDArray[np.bool_]], float], seed: int
) -> dict[str, float]:
    """The figure with a 95 % bootstrap interval; whole authors are drawn, as messages of one author are alike."""
    random = np.random.default_rng(seed)
    authors = np.array([row.author for row in judged.rows])
    members = [np.flatnonzero(authors == author) for author in np.unique(authors)]
    drawn = []
    for _ in range(BOOTSTRAP_ROUNDS):
        chosen = np.concatenate([members[i] for i in random.integers(len(members), size=len(members))])
        drawn.append(figure(judged.truth[chosen], judged.predicted[chosen]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"value": figure(judged.truth, judged.predicted), "low": float(low), "high": float(high)}


def _by_group(judged: Judged, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Figures of each group; macro F1 is over the labels that occur in it, None where none does."""
    result = {}
    group_of = np.array(keys)
    for group in sorted(set(keys)):
        chosen = group_of == group
        truth, predicted = judged.truth[chosen], judged.predicted[chosen]
        f1 = [
            float(f1_score(truth[:, k], predicted[:, k], zero_division=0.0)) if truth[:, k].any() else None
            for k in range(len(LABELS))
        ]
        present = [value for value in f1 if value is not None]
        result[group] = {
            "messages": int(chosen.sum()),
            "macro_f1": float(np.mean(present)) if present else None,
            "f1": dict(zip(map(str, LABELS), f1, strict=True)),
            "flagged_innocents": _flagged_innocents(truth, predicted),
        }
    return result


def to_markdown(figures: dict[str, Any], title: str) -> str:
    """The figures as a Markdown document."""
    lines = [
        f"## {title}",
        "",
        f"{figures['messages']} messages by {figures['authors']} authors; 95 % intervals over authors. "
        f"Macro F1 **{_interval(figures['macro_f1'])}**; "
        f"innocent messages flagged: {_percent(figures['flagged_innocents'])}.",
        "",
        "| label | positives | precision | recall | F1 | average precision | recall at 1 % FP | at 0.1 % FP | ECE |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for label, f in figures["labels"].items():
        at = [_number(f[f"recall_at_{rate:g}_false_positives"]) for rate in FALSE_POSITIVE_RATES]
        lines.append(
            f"| `{label}` | {f['positives']} | {f['precision']:.3f} | {f['recall']:.3f} | {_interval(f['f1'])} "
            f"| {_number(f['average_precision'])} | {at[0]} | {at[1]} | {f['expected_calibration_error']:.3f} |"
        )
    for name, groups in figures["by"].items():
        lines += [
            "",
            f"| {name} | messages | macro F1 | " + " | ".join(LABELS) + " | innocents flagged |",
            "|---" * 7 + "|",
        ]
        lines += [
            f"| {group} | {f['messages']} | {_number(f['macro_f1'])} | "
            + " | ".join(_number(value) for value in f["f1"].values())
            + f" | {_percent(f['flagged_innocents'])} |"
            for group, f in groups.items()
        ]
    return "\n".join(lines) + "\n"


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
