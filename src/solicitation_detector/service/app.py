"""The FastAPI application. It reads no environment and loads nothing: detector and settings are passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastapi import FastAPI, Request, Response

from solicitation_detector.service.access import KeyCheck, read_body
from solicitation_detector.service.detection import parse_messages, verdicts_body
from solicitation_detector.service.problems import RequestError, answer_problems
from solicitation_detector.service.schema import DetectResponse, ErrorResponse, request_schema

if TYPE_CHECKING:
    from solicitation_detector.detector import Detector

_DETECT_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorResponse, "description": "No valid key"},
    413: {"model": ErrorResponse, "description": "Body too large"},
    422: {"model": ErrorResponse, "description": "A field is wrong; it is named"},
    503: {"model": ErrorResponse, "description": "The model is not loaded yet"},
}
_DETECT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DetectRequest"}}},
    }
}


class ServiceSettings(Protocol):
    """What the service needs to know; ``settings.Settings`` has it."""

    @property
    def api_keys(self) -> tuple[str, ...]: ...

    @property
    def max_body_bytes(self) -> int: ...


def create_app(detector: Detector | None, settings: ServiceSettings) -> FastAPI:
    """The service.

    Args:
        detector: judges; None while a model is still being loaded. Until ``app.state.detector`` is set, ``/readyz`` and
            ``/v1/detect`` answer 503.
        settings: keys and limits.
    """
    app = FastAPI(title="Solicitation detector", description=_DESCRIPTION, version=_API_VERSION)
    app.state.detector = detector
    answer_problems(app)
    _add_health(app)
    _add_detect(app, KeyCheck(settings.api_keys), settings.max_body_bytes)
    _document_request(app)
    return app


_API_VERSION = "1"
_DESCRIPTION = (
    "Tells messages that go direct, ask for the source before payment, or ask for a free test task. "
    'Every error has the form `{"error": {"type", "message", "field"}}`.'
)


def _detector(app: FastAPI) -> Detector:
    detector: Detector | None = app.state.detector
    if detector is None:
        raise RequestError(503, "not_ready", "The model is not loaded yet.")
    return detector


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz", summary="Whether the process lives")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether messages can be judged", responses={503: {"model": ErrorResponse}})
    async def readyz() -> dict[str, str]:
        detector = _detector(app)
        return {"status": "ready", "model_version": detector.model_version, "policy_version": detector.policy.version}


def _add_detect(app: FastAPI, keys: KeyCheck, max_body_bytes: int) -> None:
    # The judgement takes well under a millisecond a message: a thread would cost more than it frees.
    @app.post(
        "/v1/detect",
        summary="Judge messages",
        response_model=DetectResponse,
        responses=_DETECT_ERRORS,
        openapi_extra=_DETECT_BODY,
    )
    async def detect(request: Request) -> Response:
        keys.check(request)
        detector = _detector(app)
        messages = parse_messages(await read_body(request, max_body_bytes))
        return Response(verdicts_body(detector.detect(messages)), media_type="application/json")


def _document_request(app: FastAPI) -> None:
    """Add the request's schemas, which FastAPI does not see because it does not parse the body."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        document["components"]["schemas"].update(request_schema())
        return document

    app.openapi = openapi  # type: ignore[method-assign]
