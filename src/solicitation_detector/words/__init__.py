"""Reminders and advice as natives would write them: one TOML file a language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

from solicitation_detector.messages import LABELS, Label

WORD_LANGUAGES = ("en", "fr", "es", "de", "pt", "ru", "it")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to the two sides in one language.

    Attributes:
        reminder_opening: what a reminder begins with.
        answer_opening, second_answer_opening: what the first and a further proposed answer begin with.
        held: for a sender whose message waits for a person.
        reminder: for the sender, by label; begins as after a colon.
        answer: what the other side could answer, by label; quoted.
    """

    reminder_opening: str
    answer_opening: str
    second_answer_opening: str
    held: str
    reminder: Mapping[Label, str]
    answer: Mapping[Label, str]

    def sender_reminder(self, labels: Sequence[Label]) -> str:
        """One reminder on all of the labels, of which there must be one at least."""
        first, *others = (self.reminder[label] for label in labels)
        return " ".join([self.reminder_opening, first, *(text[0].upper() + text[1:] for text in others)])

    def recipient_advice(self, labels: Sequence[Label]) -> str:
        """Polite answers for the other side, one a label, of which there must be one at least."""
        first, *others = (self.answer[label] for label in labels)
        return " ".join([self.answer_opening, first, *(f"{self.second_answer_opening} {text}" for text in others)])


@cache
def words_in(language: str) -> Words:
    """The words of a language (two-letter code), English where there are none.

    >>> words_in("xx") is words_in("en")
    True
    """
    if language not in WORD_LANGUAGES:
        return words_in("en")
    values = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    reminder, answer = ({label: values[label][kind] for label in LABELS} for kind in ("reminder", "answer"))
    texts = {name: text for name, text in values.items() if name not in LABELS}
    return Words(**texts, reminder=reminder, answer=answer)


def all_words() -> dict[str, dict[str, object]]:
    """Everything that can be said, by language, as plain values."""
    return {language: asdict(words_in(language)) for language in WORD_LANGUAGES}
