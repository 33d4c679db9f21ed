"""A detector that judges by keywords, so that surfaces can be tested without a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from solicitation_detector import Detector
from solicitation_detector.messages import LABELS, Evidence, Label, Message, Verdict
from solicitation_detector.policy import Policy

KEYWORDS = {
    Label.GOING_DIRECT: "telegram",
    Label.SOURCE_BEFORE_PAYMENT: "psd first",
    Label.FREE_TEST_TASK: "free sample",
}
TODAY = date(2025, 6, 1)


class FakeDetector:
    """Has the methods of Detector. A keyword in the text gives its label; "sure" accepts what the history holds."""

    labels = LABELS

    def __init__(
        self, policy: Policy | None = None, model_version: str = "fake-1", keywords: dict[Label, str] = KEYWORDS
    ) -> None:
        self.policy = policy or Policy.default()
        self.model_version = model_version
        self.keywords = keywords

    @classmethod
    def load(cls, path: Path | None = None, *, policy: Policy | None = None) -> FakeDetector:
        return cls(policy, "fake-1" if path is None else path.name)

    def detect(self, messages: Sequence[Message]) -> list[Verdict]:
        return [self._verdict(m, row) for m, row in zip(messages, self.predict_proba(messages), strict=True)]

    def predict_proba(self, messages: Sequence[Message]) -> NDArray[np.float64]:
        return np.array([[self._score(message, label) for label in LABELS] for message in messages]).reshape(-1, 3)

    def _score(self, message: Message, label: Label) -> float:
        judged = message.text.lower()
        if judged == "sure" and message.history:
            judged = " ".join(turn.text for turn in message.history).lower()
        return 0.9 if self.keywords[label] in judged else len(message.text) % 7 / 100 + len(message.history) / 100

    def _verdict(self, message: Message, scores: NDArray[np.float64]) -> Verdict:
        labels = tuple(label for label, score in zip(LABELS, scores, strict=True) if score >= 0.5)
        evidence = tuple(found for label in labels if (found := self._evidence(message.text, label)))
        language = "fr" if "bonjour" in message.text.lower() else "en"
        decision = self.policy.decide(message, labels, language, TODAY, [e.signal for e in evidence])
        return Verdict(
            id=message.id,
            scores=dict(zip(LABELS, map(float, scores), strict=True)),
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

    def _evidence(self, text: str, label: Label) -> Evidence | None:
        start = text.lower().find(self.keywords[label])
        end = start + len(self.keywords[label])
        return None if start < 0 else Evidence(label, "messenger", start, end, text[start:end])


@pytest.fixture
def detector() -> FakeDetector:
    return FakeDetector()


@pytest.fixture(scope="session")
def corpus_folder() -> Path:
    """The project's training corpus."""
    return Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def shipped() -> Detector:
    """The shipped model; loaded once."""
    return Detector.load()
