"""Errors as callers get them: ``{"error": {"type", "message", "field"}}``, never with a word of a message."""

from __future__ import annotations

import logging
import traceback

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("solicitation_detector.service")

_TYPES = {404: "not_found", 405: "method_not_allowed"}


class RequestError(Exception):
    """A request that is refused.

    Attributes:
        status: the HTTP status.
        type: a word for programs.
        message: a sentence for people.
        field: the field of the body that is wrong, for example ``messages[3].payment_status``.
    """

    def __init__(self, status: int, type: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.message = message
        self.field = field

    def to_response(self) -> JSONResponse:
        """What the caller gets."""
        content = {"error": {"type": self.type, "message": self.message, "field": self.field}}
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None
        return JSONResponse(content, self.status, headers)


def invalid(field: str, message: str) -> RequestError:
    """A body that is none of ours."""
    return RequestError(422, "invalid_request", message, field)


def answer_problems(app: FastAPI) -> None:
    """Make all errors of an app take our form."""

    async def refused(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, RequestError)
        return problem.to_response()

    async def no_route(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, HTTPException)
        name = _TYPES.get(problem.status_code, "http_error")
        response = RequestError(problem.status_code, name, str(problem.detail)).to_response()
        response.headers.update(problem.headers or {})
        return response

    app.add_exception_handler(RequestError, refused)
    app.add_exception_handler(HTTPException, no_route)
    app.add_middleware(UnexpectedErrors)


class UnexpectedErrors:
    """Answers 500 to an error that nobody foresaw.

    The server would log it with its text, which may quote a message: so only its type and place are logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            places = ", ".join(f"{f.name} ({f.lineno})" for f in traceback.extract_tb(error.__traceback__)[-3:])
            logger.error("%s in %s", type(error).__qualname__, places)
            if not started:
                problem = RequestError(500, "internal_error", "The service failed; the request is not at fault.")
                await problem.to_response()(scope, receive, send)
