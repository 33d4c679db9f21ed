"""The only path from a message to a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from solicitation_detector.artifacts import Model, load_model, shipped_model
from solicitation_detector.evidence import Explainer
from solicitation_detector.features import Batch, FeatureExtractor
from solicitation_detector.messages import LABELS, Evidence, Label, Message, Verdict
from solicitation_detector.policy import Policy
from solicitation_detector.text.language import detect_language

BATCH_MESSAGES = 1_000


class Detector:
    """Judges messages. Holds no state between calls but what it remembers of words, for speed.

    >>> detector = Detector.load()
    >>> [verdict] = detector.detect([Message(text="could you make the logo a bit larger?", sender_role="client")])
    >>> verdict.flagged
    False
    """

    def __init__(self, model: Model, *, policy: Policy | None = None, remember: bool = True) -> None:
        self.labels: tuple[Label, ...] = LABELS
        self.thresholds = model.thresholds
        self.model_version = model.version
        self.manifest = model.manifest
        self.policy = policy or model.policy
        self._scorer = model.scorer
        self._extractor = FeatureExtractor(remember=remember)
        self._explainer = Explainer(self._extractor, model.scorer.sentences)

    @classmethod
    def load(cls, path: Path | str | None = None, *, policy: Policy | None = None) -> Self:
        """Load a model folder; without ``path`` the one that is shipped with the package.

        Args:
            path: a model folder.
            policy: instead of the folder's own.

        Raises:
            InvalidModel: the folder is incomplete, was changed, or goes with another package version.
        """
        return cls(load_model(Path(path) if path is not None else shipped_model()), policy=policy)

    def detect(self, messages: Sequence[Message]) -> list[Verdict]:
        """Verdicts in the order of the messages; each is the same alone and in any list."""
        today = datetime.now(UTC).date()
        verdicts: list[Verdict] = []
        for start in range(0, len(messages), BATCH_MESSAGES):
            part = messages[start : start + BATCH_MESSAGES]
            scores, unit_logits, batch = self._score(part)
            for index, message in enumerate(part):
                labels = self._labels(scores[index])
                evidence: tuple[Evidence, ...] = ()
                if labels:
                    own_units = unit_logits[batch.unit_message == index]
                    evidence = self._explainer.explain(message, batch.analyses[index], labels, own_units)
                language = detect_language(message.text)
                signals = [piece.signal for piece in evidence]
                decision = self.policy.decide(message, labels, language, today, signals)
                verdicts.append(
                    Verdict(
                        id=message.id,
                        scores=dict(zip(LABELS, scores[index].tolist(), strict=True)),
                        labels=labels,
                        flagged=bool(labels),
                        action=decision.action,
                        evidence=evidence,
                        language=language,
                        sender_reminder=decision.sender_reminder,
                        recipient_advice=decision.recipient_advice,
                        reason=decision.reason,
                        model_version=self.model_version,
                        policy_version=self.policy.version,
                    )
                )
        return verdicts

    def predict_proba(self, messages: Sequence[Message]) -> NDArray[np.float64]:
        """Calibrated probabilities in [0, 1], shape ``(n_messages, 3)``, columns in the order of ``labels``."""
        parts = [self._score(messages[start : start + BATCH_MESSAGES])[0] for start in range(0, len(messages), BATCH_MESSAGES)]
        return np.concatenate(parts) if parts else np.zeros((0, len(LABELS)))

    def _score(self, messages: Sequence[Message]) -> tuple[NDArray[np.float64], NDArray[np.float64], Batch]:
        batch, turns = self._extractor.extract(messages), self._extractor.extract_turns(messages)
        scores, unit_logits = self._scorer.predict_with_logits(batch, turns)
        return scores, unit_logits, batch

    def _labels(self, scores: NDArray[np.float64]) -> tuple[Label, ...]:
        return tuple(
            label for label, score, threshold in zip(LABELS, scores, self.thresholds, strict=True) if score >= threshold
        )
