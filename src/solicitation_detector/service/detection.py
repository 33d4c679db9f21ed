"""``POST /v1/detect``: a body becomes messages, verdicts become a body."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from solicitation_detector.errors import InvalidMessage
from solicitation_detector.messages import Message, Verdict
from solicitation_detector.service.problems import invalid

MAX_MESSAGES = 1000


def parse_messages(body: bytes) -> list[Message]:
    """The messages of a request, checked by ``Message`` itself, as on every other surface.

    Raises:
        RequestError: 422, naming the field.
    """
    request = _parse_object(body)
    for name in request:
        if name != "messages":
            raise invalid(name[:40], "unknown field")
    messages = request.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_MESSAGES:
        found = f"{len(messages)} messages" if isinstance(messages, list) else "none"
        raise invalid("messages", f"wanted a list of 1 to {MAX_MESSAGES} messages, found {found}")
    return [_parse_message(values, index) for index, values in enumerate(messages)]


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid("body", "is not JSON") from None
    if not isinstance(request, dict):
        raise invalid("body", "wanted a JSON object")
    return request


def _parse_message(values: Any, index: int) -> Message:
    try:
        return Message.from_dict(values)
    except InvalidMessage as error:
        path = f"messages[{index}]"
        raise invalid(path if error.field == "message" else f"{path}.{error.field}", error.problem) from None


def verdicts_body(verdicts: Sequence[Verdict]) -> bytes:
    """The answer."""
    return json.dumps({"verdicts": [verdict.to_dict() for verdict in verdicts]}, ensure_ascii=False).encode("utf-8")
