"""Who may call, and how much they may send."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

from starlette.requests import Request

from solicitation_detector.service.problems import RequestError


class KeyCheck:
    """Holds hashes of the API keys; without keys it lets everybody in."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._hashes = [sha256(key.encode("utf-8")).digest() for key in keys]

    def check(self, request: Request) -> None:
        """Compare ``Authorization: Bearer KEY`` with every key, in a time that does not tell which one came near.

        Raises:
            RequestError: 401, no key or a wrong one.
        """
        if not self._hashes:
            return
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given = sha256(key.strip().encode("latin-1")).digest()  # header bytes as they came
        matches = [hmac.compare_digest(given, known) for known in self._hashes]
        if scheme.lower() != "bearer" or not any(matches):
            raise RequestError(401, "unauthorized", "Send a valid key as Authorization: Bearer KEY.")


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body of a request, refused by its announced length or as soon as it grows too large.

    Raises:
        RequestError: 413.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(413, "body_too_large", f"A body may have {max_bytes} bytes at most; send fewer messages.")
