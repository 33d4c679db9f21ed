"""The policy: labels and deal facts in, an action and the words that go with it out. Pure; no scores, no thresholds."""

from __future__ import annotations

import json
import tomllib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from solicitation_detector.errors import InvalidPolicy
from solicitation_detector.messages import LABELS, Action, ContractStatus, Label, Message, Relationship
from solicitation_detector.policy_file import read_label_rule, read_table
from solicitation_detector.words import all_words, words_in

_STRICTNESS = {action: rank for rank, action in enumerate(Action)}
# Advice is one sentence a label, and the contract promises one or two.
_LABELS_SPOKEN_OF = 2


@dataclass(frozen=True, slots=True)
class LabelRule:
    """What a label leads to, at first and once the sender had enough reminders."""

    action: Action
    repeated_action: Action


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What the policy says of one message; the words are None for ``allow``."""

    action: Action
    sender_reminder: str | None
    recipient_advice: str | None
    reason: str


_NO_LABEL = PolicyDecision(Action.ALLOW, None, None, "No label reaches its threshold.")


@dataclass(frozen=True)
class Policy:
    """A platform's practice, read from a TOML file.

    Attributes:
        stated_version: the version that the file gives itself.
        rules: one a label.
        months_after_contract: how long going direct stays forbidden after the contract's end.
        allowed_relationships: those in which going direct is allowed at any time.
        repeated_from: earlier reminders of a sender from which ``repeated_action`` holds.
    """

    stated_version: str
    rules: Mapping[Label, LabelRule]
    months_after_contract: int
    allowed_relationships: frozenset[Relationship]
    repeated_from: int

    @classmethod
    def default(cls) -> Policy:
        """The policy that is shipped with the package: what the large platforms do.

        >>> Policy.default().rules[Label.GOING_DIRECT].action
        <Action.REMIND: 'remind'>
        """
        return _parse(files(__package__).joinpath("default_policy.toml").read_bytes(), "default_policy.toml")

    @classmethod
    def from_toml(cls, path: Path) -> Policy:
        """Read a policy file.

        Raises:
            InvalidPolicy: naming the key that is missing, unknown or wrong.
            OSError: the file cannot be read.
        """
        return _parse(Path(path).read_bytes(), Path(path).name)

    @cached_property
    def version(self) -> str:
        """The stated version and eight hex digits of a hash over all that the policy can do and say."""
        content = {
            "rules": {label: [rule.action, rule.repeated_action] for label, rule in self.rules.items()},
            "months_after_contract": self.months_after_contract,
            "allowed_relationships": sorted(self.allowed_relationships),
            "repeated_from": self.repeated_from,
            "words": all_words(),
        }
        digest = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{self.stated_version}+{digest[:8]}"

    def decide(
        self, message: Message, labels: Sequence[Label], language: str, today: date, signals: Sequence[str] = ()
    ) -> PolicyDecision:
        """The action for a message that carries ``labels``: the strictest that any of them calls for.

        Args:
            message: gives the deal facts and ``sent_at``, the day that is judged by.
            labels: those whose score reaches its threshold.
            language: code of the text's language, for the words.
            today: the day to judge by where the message has no ``sent_at``.
            signals: names of the signals found, for the reason.
        """
        if not labels:
            return _NO_LABEL
        day = _day_of(message, today)
        actions = {label: self._action(label, message, day) for label in labels}
        strictest = max(actions.values(), key=_STRICTNESS.__getitem__)
        reason = self._reason(message, actions, strictest, day, signals)
        if strictest is Action.ALLOW:
            return PolicyDecision(Action.ALLOW, None, None, reason)
        reminder, advice = _say(actions, strictest, language)
        return PolicyDecision(strictest, reminder, advice, reason)

    def may_go_direct(self, message: Message, day: date) -> bool:
        """Whether these two sides may work together outside the platform on that day."""
        if message.relationship in self.allowed_relationships:
            return True
        if message.contract_status is not ContractStatus.ENDED or message.contract_ended_on is None:
            return False
        return day >= _add_months(message.contract_ended_on, self.months_after_contract)

    def _action(self, label: Label, message: Message, day: date) -> Action:
        if label is Label.GOING_DIRECT and self.may_go_direct(message, day):
            return Action.ALLOW
        rule = self.rules[label]
        return rule.repeated_action if message.prior_reminders >= self.repeated_from else rule.action

    def _reason(
        self, message: Message, actions: Mapping[Label, Action], strictest: Action, day: date, signals: Sequence[str]
    ) -> str:
        found = [
            f"{label} {self._circumstances(message, day)}" if label is Label.GOING_DIRECT else str(label) for label in actions
        ]
        facts = [f"earlier reminders: {message.prior_reminders}"]
        if signals:
            facts.insert(0, f"signals: {', '.join(dict.fromkeys(signals))}")
        return f"{_OPENINGS[strictest]} the text shows {' and '.join(found)} ({'; '.join(facts)})."

    def _circumstances(self, message: Message, day: date) -> str:
        """Why going direct is allowed or forbidden here."""
        months, ended_on = self.months_after_contract, message.contract_ended_on
        if message.relationship in self.allowed_relationships:
            return f"in a relationship that allows it ({message.relationship})"
        if message.contract_status is not ContractStatus.ENDED:
            return _CONTRACT_CIRCUMSTANCES[message.contract_status]
        if ended_on is None:
            return "after a contract whose end date is unknown"
        if self.may_go_direct(message, day):
            return f"{months} months or more after the contract's end on {ended_on}, which is allowed"
        return f"within {months} months of the contract's end on {ended_on}"


_OPENINGS = {
    Action.ALLOW: "The message is allowed though",
    Action.REMIND: "The sender is reminded because",
    Action.REVIEW: "A person should review this because",
    Action.HOLD: "The message is held because",
}
_CONTRACT_CIRCUMSTANCES = {
    ContractStatus.NONE: "before any contract",
    ContractStatus.ACTIVE: "while the contract is active",
    ContractStatus.UNKNOWN: "while nothing is known of the contract",
}


def _say(actions: Mapping[Label, Action], strictest: Action, language: str) -> tuple[str, str]:
    """Reminder and advice on the labels that are not allowed, those of the strictest action first."""
    words = words_in(language)
    spoken_of = sorted(
        (label for label, action in actions.items() if action is not Action.ALLOW),
        key=lambda label: (-_STRICTNESS[actions[label]], LABELS.index(label)),
    )[:_LABELS_SPOKEN_OF]
    reminder = words.sender_reminder(spoken_of)
    if strictest is Action.HOLD:
        reminder = f"{words.held} {reminder}"
    return reminder, words.recipient_advice(spoken_of)


def _day_of(message: Message, today: date) -> date:
    """The day to judge by; in UTC where the time has a zone, so that one moment is one day in every file format."""
    sent_at = message.sent_at
    if sent_at is None:
        return today
    return (sent_at if sent_at.tzinfo is None else sent_at.astimezone(UTC)).date()


def _add_months(day: date, months: int) -> date:
    """The same day some months later, or the month's last where it lacks that day; ``date.max`` beyond the calendar."""
    month = day.month - 1 + months
    year = day.year + month // 12
    if year > date.max.year:
        return date.max
    month = month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


_RULE_KEYS = ("action", "repeated_action")
_MORE_KEYS = {Label.GOING_DIRECT: ("months_after_contract", "allowed_relationships")}


def _parse(source: bytes, name: str) -> Policy:
    try:
        values: dict[str, Any] = tomllib.loads(source.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidPolicy(f"{name}: is not TOML: {error}") from None
    top = read_table(values, name, ("version", "reminders", *LABELS))
    tables = {label: top.table(label, *_RULE_KEYS, *_MORE_KEYS.get(label, ())) for label in LABELS}
    direct = tables[Label.GOING_DIRECT]
    return Policy(
        stated_version=top.text("version"),
        rules={label: LabelRule(*read_label_rule(table)) for label, table in tables.items()},
        months_after_contract=direct.integer("months_after_contract", at_most=1200),
        allowed_relationships=frozenset(direct.choices("allowed_relationships", Relationship)),
        repeated_from=top.table("reminders", "repeated_from").integer("repeated_from", at_most=1_000_000),
    )
