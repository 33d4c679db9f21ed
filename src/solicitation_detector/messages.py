"""The nouns of this package: what goes in (Message), what comes out (Verdict), and their enums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from solicitation_detector.errors import InvalidMessage

MAX_TEXT_CHARACTERS = 20_000
HISTORY_TURNS = 10


class Label(StrEnum):
    """What a message does; decided by docs/label-guide.md."""

    GOING_DIRECT = "going_direct"
    SOURCE_BEFORE_PAYMENT = "source_before_payment"
    FREE_TEST_TASK = "free_test_task"


class SenderRole(StrEnum):
    """Who wrote a message."""

    CLIENT = "client"
    FREELANCER = "freelancer"
    UNKNOWN = "unknown"


class PaymentStatus(StrEnum):
    """Where the order's money is: not there, held by the platform, or released."""

    UNPAID = "unpaid"
    ESCROWED = "escrowed"
    PAID = "paid"
    UNKNOWN = "unknown"


class ContractStatus(StrEnum):
    """The contract between the two sides."""

    NONE = "none"
    ACTIVE = "active"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Relationship(StrEnum):
    """How the two sides know each other."""

    PLATFORM = "platform"
    REFERRAL = "referral"
    INDEPENDENT = "independent"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What the policy says, from mildest to strictest."""

    ALLOW = "allow"
    REMIND = "remind"
    REVIEW = "review"
    HOLD = "hold"


LABELS: tuple[Label, ...] = tuple(Label)

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier message of the conversation.

    Raises:
        InvalidMessage: a wrong type or role, or over-long text. Text may be empty (a deleted message).
    """

    text: str
    sender_role: SenderRole = SenderRole.UNKNOWN

    def __post_init__(self) -> None:
        _check_text(self.text, "text", minimum=0)
        object.__setattr__(self, "sender_role", _enum(SenderRole, self.sender_role, "sender_role"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to be judged, with what the platform knows about it.

    ``sent_at`` and ``contract_ended_on`` also take ISO 8601 strings, ``history`` also mappings; only the
    last ten turns are kept.

    Raises:
        InvalidMessage: naming the first field that is wrong. The error never holds the text.

    >>> Message(text="see you on the call", sender_role="client").payment_status
    <PaymentStatus.UNKNOWN: 'unknown'>
    """

    text: str
    id: str | None = None
    conversation_id: str | None = None
    sent_at: datetime | None = None
    sender_role: SenderRole = SenderRole.UNKNOWN
    payment_status: PaymentStatus = PaymentStatus.UNKNOWN
    history: tuple[Turn, ...] = ()
    contract_status: ContractStatus = ContractStatus.UNKNOWN
    contract_ended_on: date | None = None
    relationship: Relationship = Relationship.UNKNOWN
    prior_reminders: int = 0

    def __post_init__(self) -> None:
        _check_text(self.text, "text", minimum=1)
        put = object.__setattr__
        for name in ("id", "conversation_id"):
            value = getattr(self, name)
            if value is not None:
                _check_string(value, name)
        for name, enum in _ENUM_FIELDS:
            put(self, name, _enum(enum, getattr(self, name), name))
        if self.sent_at is not None:
            put(self, "sent_at", _datetime(self.sent_at))
        if self.contract_ended_on is not None:
            put(self, "contract_ended_on", _date(self.contract_ended_on))
        if self.history != ():
            put(self, "history", _history(self.history))
        if isinstance(self.prior_reminders, bool) or not isinstance(self.prior_reminders, int):
            raise InvalidMessage("prior_reminders", f"wanted an integer, found {type(self.prior_reminders).__name__}")
        if self.prior_reminders < 0:
            raise InvalidMessage("prior_reminders", "wanted an integer of 0 or more")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Message:
        """Build a message from JSON-like values; refuses unknown fields.

        A ``None`` stands for the field's default, except in ``text``.

        >>> Message.from_dict({"text": "hi", "mood": "good"})
        Traceback (most recent call last):
        solicitation_detector.errors.InvalidMessage: mood: unknown field
        """
        if not isinstance(values, Mapping):
            raise InvalidMessage("message", f"wanted an object, found {type(values).__name__}")
        if values.keys() - MESSAGE_FIELDS:
            unknown = next(name for name in values if name not in MESSAGE_FIELDS)
            raise InvalidMessage(str(unknown)[:40], "unknown field")
        if "text" not in values:
            raise InvalidMessage("text", "missing")
        return cls(**{name: value for name, value in values.items() if value is not None or name == "text"})


MESSAGE_FIELDS = frozenset(field.name for field in fields(Message))
_ENUM_FIELDS: tuple[tuple[str, type[StrEnum]], ...] = (
    ("sender_role", SenderRole),
    ("payment_status", PaymentStatus),
    ("contract_status", ContractStatus),
    ("relationship", Relationship),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that made a label likely: ``text == message.text[start:end]``, offsets in code points."""

    label: Label
    signal: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said of one message. Fields as in docs/concepts.md."""

    id: str | None
    scores: dict[Label, float]
    labels: tuple[Label, ...]
    flagged: bool
    action: Action
    evidence: tuple[Evidence, ...]
    language: str
    sender_reminder: str | None
    recipient_advice: str | None
    reason: str
    model_version: str
    policy_version: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "id": self.id,
            "scores": {str(label): score for label, score in self.scores.items()},
            "labels": [str(label) for label in self.labels],
            "flagged": self.flagged,
            "action": str(self.action),
            "evidence": [
                {"label": str(e.label), "signal": e.signal, "start": e.start, "end": e.end, "text": e.text}
                for e in self.evidence
            ],
            "language": self.language,
            "sender_reminder": self.sender_reminder,
            "recipient_advice": self.recipient_advice,
            "reason": self.reason,
            "model_version": self.model_version,
            "policy_version": self.policy_version,
        }


def _check_string(value: Any, field: str) -> None:
    if not isinstance(value, str):
        raise InvalidMessage(field, f"wanted a string, found {type(value).__name__}")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidMessage(field, f"holds a lone surrogate at character {error.start}") from None


def _check_text(value: Any, field: str, *, minimum: int) -> None:
    _check_string(value, field)
    if len(value) < minimum:
        raise InvalidMessage(field, "is empty")
    if len(value) > MAX_TEXT_CHARACTERS:
        raise InvalidMessage(field, f"has {len(value)} characters, {MAX_TEXT_CHARACTERS} at most")


def _enum(enum: type[_E], value: Any, field: str) -> _E:
    try:
        return enum(value)
    except ValueError:
        found = repr(value[:30]) if isinstance(value, str) else type(value).__name__
        raise InvalidMessage(field, f"wanted one of {', '.join(enum)}, found {found}") from None


def _datetime(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidMessage("sent_at", "wanted an ISO 8601 date-time")


def _date(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidMessage("contract_ended_on", "wanted an ISO date")


def _history(value: object) -> tuple[Turn, ...]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise InvalidMessage("history", f"wanted a list, found {type(value).__name__}")
    skipped = max(0, len(value) - HISTORY_TURNS)
    return tuple(_turn(turn, f"history[{skipped + i}]") for i, turn in enumerate(value[skipped:]))


def _turn(value: object, field: str) -> Turn:
    if isinstance(value, Turn):
        return value
    if not isinstance(value, Mapping):
        raise InvalidMessage(field, f"wanted an object, found {type(value).__name__}")
    for name in value:
        if name not in ("text", "sender_role"):
            raise InvalidMessage(f"{field}.{str(name)[:40]}", "unknown field")
    if "text" not in value:
        raise InvalidMessage(f"{field}.text", "missing")
    role = value.get("sender_role")
    try:
        return Turn(value["text"], SenderRole.UNKNOWN if role is None else role)
    except InvalidMessage as error:
        raise InvalidMessage(f"{field}.{error.field}", error.problem) from None
