"""Message and Verdict as OpenAPI shows them. Nothing is validated here: ``Message`` does that for every surface."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from solicitation_detector.messages import (
    MAX_TEXT_CHARACTERS,
    Action,
    ContractStatus,
    Label,
    PaymentStatus,
    Relationship,
    SenderRole,
)
from solicitation_detector.service.detection import MAX_MESSAGES

Score = Annotated[float, Field(ge=0, le=1)]


def _with_example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class TurnModel(BaseModel):
    """An earlier message of the conversation."""

    model_config = _with_example({"sender_role": "freelancer", "text": "I can start on Monday."})
    text: str = Field(max_length=MAX_TEXT_CHARACTERS)
    sender_role: SenderRole | None = SenderRole.UNKNOWN


_MESSAGE_EXAMPLE = {
    "id": "m-1042",
    "text": "Let's move to Telegram, it is easier to talk there.",
    "sender_role": "client",
    "payment_status": "unpaid",
    "contract_status": "active",
    "history": [{"sender_role": "freelancer", "text": "I can start on Monday."}],
}


class MessageModel(BaseModel):
    """A message to be judged, with what the platform knows about it. Only ``text`` is required; null is the default."""

    model_config = _with_example(_MESSAGE_EXAMPLE)
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)
    id: str | None = None
    conversation_id: str | None = None
    sent_at: datetime | None = Field(None, description="ISO 8601; the policy judges by this day, else by today.")
    sender_role: SenderRole | None = SenderRole.UNKNOWN
    payment_status: PaymentStatus | None = PaymentStatus.UNKNOWN
    history: list[TurnModel] | None = Field([], description="Oldest first; the last ten are used.")
    contract_status: ContractStatus | None = ContractStatus.UNKNOWN
    contract_ended_on: date | None = None
    relationship: Relationship | None = Relationship.UNKNOWN
    prior_reminders: int | None = Field(0, ge=0, description="Reminders that this sender already had.")


class DetectRequest(BaseModel):
    """The body of POST /v1/detect."""

    model_config = _with_example({"messages": [_MESSAGE_EXAMPLE]})
    messages: list[MessageModel] = Field(min_length=1, max_length=MAX_MESSAGES)


class EvidenceModel(BaseModel):
    """Words that made a label likely; offsets are Unicode code points into the text."""

    label: Label
    signal: str = Field(examples=["messenger"])
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str


class VerdictModel(BaseModel):
    """What is said of one message."""

    id: str | None
    scores: dict[Label, Score] = Field(description="Calibrated probability of every label.")
    labels: list[Label] = Field(description="Labels whose score reaches its threshold.")
    flagged: bool
    action: Action
    evidence: list[EvidenceModel]
    language: str = Field(examples=["en"])
    sender_reminder: str | None = Field(description="A friendly reminder for the sender; null for allow.")
    recipient_advice: str | None = Field(description="Help for the other side; null for allow.")
    reason: str = Field(description="One English sentence for the analyst.")
    model_version: str
    policy_version: str


class DetectResponse(BaseModel):
    """A verdict a message, in the same order."""

    verdicts: list[VerdictModel]


class ErrorDetail(BaseModel):
    """What is wrong. Never holds a message's text."""

    type: str = Field(examples=["invalid_request"])
    message: str
    field: str | None = Field(examples=["messages[3].payment_status"])


class ErrorResponse(BaseModel):
    """The body of every error."""

    error: ErrorDetail


def request_schema() -> dict[str, Any]:
    """JSON schemas of the request and what it is made of, by name, as OpenAPI components."""
    _, schema = models_json_schema([(DetectRequest, "validation")], ref_template="#/components/schemas/{model}")
    components: dict[str, Any] = schema["$defs"]
    return components
