"""Which words moved a score: evidence by occlusion.

Words of the highest-scoring sentence are left out, a few at a time, and the sentence is scored again; what the score loses is
what these words gave (Zeiler & Fergus 2014; Li et al. 2016, "Understanding neural networks through representation erasure").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solicitation_detector.features import Analysis, FeatureExtractor
from solicitation_detector.messages import LABELS, Evidence, Label, Message
from solicitation_detector.scoring import SentenceWeights
from solicitation_detector.text.kinds import EMAIL, HANDLE, PHONE, URL
from solicitation_detector.text.lexicon import CONCEPTS

WINDOWS = (1, 3)
MAX_SPANS = 2
_SHARE_OF_PEAK = 0.5

# Signal names a label, the first that fits; docs/signals.md describes them.
_KIND_SIGNALS = {EMAIL: "contact_email", PHONE: "contact_phone", HANDLE: "contact_handle"}
_DIRECT = {
    "messenger": "messenger", "payment_rail": "payment_rail", "fee": "fee_avoidance", "saving": "fee_avoidance",
    "secrecy": "secrecy", "leave": "leave_platform", "contact_noun": "contact_request", "contact_verb": "contact_request",
    "employment": "employment", "third_person": "third_person", "pay": "payment_rail", "accept": "agreement",
    "platform": "leave_platform", "future": "leave_platform",
}  # fmt: skip
_SOURCE = {
    "source_asset": "source_asset", "pay_later": "pay_later", "condition": "pay_later", "pay": "pay_later",
    "deliver": "source_asset", "accept": "agreement",
}  # fmt: skip
_TEST = {
    "test": "test_task", "unpaid": "unpaid", "selection": "selection", "condition": "selection", "work": "test_task",
    "accept": "agreement",
}  # fmt: skip
_SIGNALS = {
    Label.GOING_DIRECT: _DIRECT, Label.SOURCE_BEFORE_PAYMENT: _SOURCE, Label.FREE_TEST_TASK: _TEST
}  # fmt: skip
OTHER_WORDING = "wording"
SIGNALS: dict[Label, tuple[str, ...]] = {
    label: tuple(
        dict.fromkeys(
            [
                *(_KIND_SIGNALS.values() if label is Label.GOING_DIRECT else ()),
                *(["link"] if label is Label.GOING_DIRECT else ()),
                *names.values(),
                OTHER_WORDING,
            ]
        )
    )
    for label, names in _SIGNALS.items()
}


class Explainer:
    """Finds the evidence of a flagged message."""

    def __init__(self, extractor: FeatureExtractor, weights: SentenceWeights) -> None:
        self._extractor = extractor
        self._weights = weights

    def explain(
        self, message: Message, analysis: Analysis, labels: tuple[Label, ...], unit_logits: NDArray[np.float64]
    ) -> tuple[Evidence, ...]:
        """Evidence of each label, the strongest first; at least one a label, unless the text has no token.

        Args:
            message: the flagged message.
            analysis: of its text.
            labels: those whose score reaches the threshold.
            unit_logits: of its units, shape ``(n_units, n_outputs)``.
        """
        if not analysis.parsed.tokens:
            return ()
        found: list[Evidence] = []
        for label in labels:
            k = LABELS.index(label)
            unit = int(unit_logits[:, k].argmax())
            for start, end in self._deciding_tokens(message, analysis, unit, k, float(unit_logits[unit, k])):
                found.append(self._evidence(message, analysis, label, start, end))
        return tuple(found)

    def _deciding_tokens(self, message: Message, analysis: Analysis, unit: int, k: int, logit: float) -> list[tuple[int, int]]:
        starts = [*analysis.parsed.sentence_starts, len(analysis.parsed.tokens)]
        first, last = starts[unit], starts[unit + 1]
        windows = [(i, min(i + w, last)) for w in WINDOWS for i in range(first, max(first + 1, last - w + 1))]
        occluded = self._extractor.without(message, analysis, unit, windows)
        drops = logit - self._weights.logits(occluded)[:, k]
        weight = np.zeros(last - first)
        for (start, end), drop in zip(windows, drops, strict=True):
            weight[start - first : end - first] += drop / (end - start)
        words = np.array([self._is_word(token) for token in analysis.parsed.tokens[first:last]])
        return [(first + start, first + end) for start, end in _peaks(np.where(words, weight, 0.0), words)]

    def _is_word(self, token: int) -> bool:
        return any(character.isalnum() for character in self._extractor.tokeniser.table.texts[token])

    def _evidence(self, message: Message, analysis: Analysis, label: Label, start: int, end: int) -> Evidence:
        spans = analysis.parsed.spans[start:end]
        begin, finish = spans[0][0], spans[-1][1]
        signal = self._signal(analysis, label, start, end)
        return Evidence(label, signal, begin, finish, message.text[begin:finish])

    def _signal(self, analysis: Analysis, label: Label, start: int, end: int) -> str:
        names = _SIGNALS[label]
        texts = [self._extractor.tokeniser.table.texts[token] for token in analysis.parsed.tokens[start:end]]
        if label is Label.GOING_DIRECT:
            for text in texts:
                if text in _KIND_SIGNALS:
                    return _KIND_SIGNALS[text]
            if any(text.startswith(URL) for text in texts):
                return "link"
        marks = [mark for mark in analysis.marks if mark.start < end and mark.end > start]
        concepts = {CONCEPTS[concept] for mark in marks for concept in mark.concepts}
        return next((signal for concept, signal in names.items() if concept in concepts), OTHER_WORDING)


def _peaks(weight: NDArray[np.float64], words: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of tokens around the greatest weights, the greatest first; they begin and end with a word."""
    peak = float(weight.max())
    if peak <= 0:
        inner = np.flatnonzero(words) if words.any() else np.arange(len(words))
        return [(int(inner[0]), int(inner[-1]) + 1)]
    strong = weight >= _SHARE_OF_PEAK * peak
    edges = np.flatnonzero(np.diff(np.concatenate([[False], strong, [False]]).astype(np.int8)))
    runs = _bridged([(int(start), int(end)) for start, end in edges.reshape(-1, 2)])
    runs.sort(key=lambda run: -float(weight[run[0] : run[1]].sum()))
    return runs[:MAX_SPANS]


def _bridged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs with one token between them are one."""
    joined = runs[:1]
    for start, end in runs[1:]:
        if start - joined[-1][1] <= 1:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
