"""The HTTP service: the verdicts of Python, errors that name the field, and no word of a message in them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import FakeDetector
from solicitation_detector.messages import Evidence, Message, Verdict
from solicitation_detector.service import create_app
from solicitation_detector.service.schema import EvidenceModel, MessageModel, VerdictModel
from solicitation_detector.settings import Settings

SECRET = "my secret words"


class Client:
    """Calls an app without a server."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://service.example") as caller:
                return await caller.request(method, path, **options)

        return asyncio.run(call())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)


def client(detector: Any = None, **settings: Any) -> Client:
    return Client(create_app(FakeDetector() if detector is None else detector, Settings(**settings)))


def detect(messages: Any, **settings: Any) -> Any:
    return client(**settings).post("/v1/detect", json={"messages": messages})


def error_of(response: Any) -> dict[str, Any]:
    body = response.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["type", "message", "field"]
    assert SECRET not in response.text
    error: dict[str, Any] = body["error"]
    return error


MESSAGES: list[dict[str, Any]] = [
    {"text": "hello 👍🏽", "id": "a"},
    {
        "text": "on Telegram 👍🏽 TELEGRAM",
        "sender_role": "client",
        "sent_at": "2025-01-01T00:00:00Z",
        "prior_reminders": 2,
    },
    {"text": "psd first", "payment_status": "unpaid", "contract_status": None},
    {"text": "sure", "history": [{"sender_role": "client", "text": "a free sample?"}, {"text": ""}]},
    {
        "text": "bonjour, Telegram ?",
        "contract_status": "ended",
        "contract_ended_on": "2020-01-01",
        "relationship": "referral",
        "conversation_id": "c",
    },
]


def test_verdicts_are_those_of_python() -> None:
    response = detect(MESSAGES)
    assert response.status_code == 200
    expected = [verdict.to_dict() for verdict in FakeDetector().detect([Message.from_dict(m) for m in MESSAGES])]
    assert response.json() == {"verdicts": expected}
    for message, verdict in zip(MESSAGES, response.json()["verdicts"], strict=True):
        VerdictModel.model_validate(verdict, strict=False)
        for found in verdict["evidence"]:
            assert message["text"][found["start"] : found["end"]] == found["text"]


def test_alone_or_together_is_the_same() -> None:
    together = detect(MESSAGES).json()["verdicts"]
    assert together == [detect([message]).json()["verdicts"][0] for message in MESSAGES]


@pytest.mark.parametrize("count", [1, 1000])
def test_one_to_a_thousand_messages(count: int) -> None:
    assert len(detect([{"text": "hello"}] * count).json()["verdicts"]) == count


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 100_000, "body"),
        (b"[]", "body"),
        (b"{}", "messages"),
        (b'{"messages": "x"}', "messages"),
        (b'{"messages": []}', "messages"),
        (json.dumps({"messages": [{"text": "x"}] * 1001}).encode(), "messages"),
        (b'{"messages": [{"text": "x"}], "model": "y"}', "model"),
    ],
)
def test_a_body_that_is_none_is_refused(body: bytes, field: str) -> None:
    response = client().post("/v1/detect", content=body)
    assert response.status_code == 422
    assert error_of(response)["type"] == "invalid_request"
    assert error_of(response)["field"] == field


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": [SECRET]}, "text"),
        ({"text": SECRET * 2000}, "text"),
        ({"text": f"{SECRET}\ud800"}, "text"),
        ({"id": 5}, "id"),
        ({"sender_role": "boss"}, "sender_role"),
        ({"payment_status": 1}, "payment_status"),
        ({"sent_at": "yesterday"}, "sent_at"),
        ({"contract_ended_on": "2025-13-01"}, "contract_ended_on"),
        ({"prior_reminders": True}, "prior_reminders"),
        ({"prior_reminders": -1}, "prior_reminders"),
        ({"history": SECRET}, "history"),
        ({"history": [{"text": "x"}, {"text": 5}]}, "history[1].text"),
        ({"history": [{"text": "x", "mood": SECRET}]}, "history[0].mood"),
        ({"mood": SECRET}, "mood"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_echoed(
    wrong: dict[str, Any], field: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    message = {"text": SECRET, **wrong}
    body = json.dumps({"messages": [{"text": "x"}, {"text": "y"}, message]})
    response = client().post("/v1/detect", content=body)
    assert response.status_code == 422
    assert error_of(response)["field"] == f"messages[2].{field}"
    assert SECRET not in caplog.text


@pytest.mark.parametrize("message", [SECRET, None, 5, [SECRET]])
def test_a_message_that_is_no_object_is_named(message: Any) -> None:
    assert error_of(detect([{"text": "x"}, message]))["field"] == "messages[1]"


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_fields = st.sampled_from([field.name for field in fields(Message)])
_CLIENT = client()


@settings(deadline=None)
@given(messages=st.lists(st.dictionaries(_fields, _json_values) | _json_values, max_size=3))
def test_no_json_makes_the_service_fail(messages: Any) -> None:
    response = _CLIENT.post("/v1/detect", content=json.dumps({"messages": messages}))
    assert response.status_code in (200, 422)
    if response.status_code == 422:
        assert error_of(response)["field"].startswith("messages")


KEYS = ("first-key", "zweiter-schlüssel")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "first-key", "Basic first-key", "Bearer first-key2"])
def test_without_a_valid_key_nobody_comes_in(header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = client(api_keys=KEYS).post("/v1/detect", content=b"{", headers=headers)
    assert response.status_code == 401
    assert error_of(response) == {
        "type": "unauthorized",
        "message": "Send a valid key as Authorization: Bearer KEY.",
        "field": None,
    }
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_valid(key: str) -> None:
    headers = {b"Authorization": b"Bearer " + key.encode()}
    response = client(api_keys=KEYS).post("/v1/detect", json={"messages": MESSAGES}, headers=headers)
    assert response.status_code == 200


def test_health_needs_no_key_and_keys_are_not_shown() -> None:
    assert client(api_keys=KEYS).get("/healthz").status_code == 200
    assert client(api_keys=KEYS).get("/readyz").status_code == 200
    assert KEYS[0] not in repr(Settings(api_keys=KEYS))


def test_a_body_is_refused_by_its_announced_length_and_while_it_is_read() -> None:
    body = json.dumps({"messages": [{"text": SECRET}]}).encode()
    assert client(max_body_bytes=len(body)).post("/v1/detect", content=body).status_code == 200
    small = client(max_body_bytes=len(body) - 1)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 5):
            yield body[start : start + 5]

    for content in (body, pieces()):
        response = small.post("/v1/detect", content=content)
        assert response.status_code == 413
        assert error_of(response)["type"] == "body_too_large"


def test_not_ready_until_a_detector_is_there() -> None:
    app = create_app(None, Settings())
    waiting = Client(app)
    assert waiting.get("/healthz").status_code == 200
    for response in (waiting.get("/readyz"), waiting.post("/v1/detect", json={"messages": MESSAGES})):
        assert response.status_code == 503
        assert error_of(response)["type"] == "not_ready"
    app.state.detector = FakeDetector()
    assert waiting.get("/readyz").json()["model_version"] == "fake-1"
    assert waiting.post("/v1/detect", json={"messages": MESSAGES}).status_code == 200


def test_an_unforeseen_error_leaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeDetector):
        def detect(self, messages: Sequence[Message]) -> list[Verdict]:
            raise RuntimeError(f"cannot judge {messages[0].text}")

    caplog.set_level(logging.DEBUG)
    response = client(Broken()).post("/v1/detect", json={"messages": [{"text": SECRET}]})
    assert response.status_code == 500
    assert error_of(response)["type"] == "internal_error"
    assert SECRET not in caplog.text
    assert "RuntimeError in" in caplog.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v2", 404), ("GET", "/v1/detect", 405)])
def test_other_errors_have_the_same_form(method: str, path: str, status: int) -> None:
    response = client().request(method, path)
    assert response.status_code == status
    assert error_of(response)["field"] is None


def test_the_documentation_matches_what_is_taken_and_given() -> None:
    document = client().get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert set(schemas["MessageModel"]["properties"]) == {field.name for field in fields(Message)}
    assert schemas["MessageModel"]["required"] == ["text"]
    assert set(schemas["VerdictModel"]["properties"]) == {field.name for field in fields(Verdict)}
    assert set(EvidenceModel.model_fields) == {field.name for field in fields(Evidence)}
    references = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert references <= set(schemas)
    for name, schema in schemas.items():
        if name == "DetectRequest":
            assert client().post("/v1/detect", json=schema["examples"][0]).status_code == 200
    assert client().get("/docs").status_code == 200


def test_documented_defaults_are_those_of_message() -> None:
    documented = {name: field.default for name, field in MessageModel.model_fields.items() if name != "text"}
    plain = {field.name: field.default for field in fields(Message) if field.name != "text"}
    assert {**documented, "history": ()} == plain
