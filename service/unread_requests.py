"""Requests that gunicorn itself cannot read, and refuses before the application sees them: as the application would."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any  # what gunicorn hands over without types of its own

import structlog
from gunicorn.http.errors import ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from service.web import BAD_REQUEST, INTERNAL, PROBLEM_JSON, REQUEST_ID_HEADER, TOO_LARGE, Problem, problem_of

_UNREADABLE = Problem(BAD_REQUEST, "The request could not be read.")

# By the names of gunicorn's errors, not all of which every version has; the status is the one that HTTP has for it.
_REFUSALS: Mapping[str, Problem] = {
    "LimitRequestLine": Problem(replace(TOO_LARGE, status=414), "The address is longer than this server takes."),
    "LimitRequestHeaders": Problem(
        replace(TOO_LARGE, status=431), "The headers are longer, or more, than this server takes."
    ),
    "UnsupportedTransferCoding": Problem(
        replace(BAD_REQUEST, status=501), "This server does not know the Transfer-Encoding."
    ),
    "ExpectationFailed": Problem(
        replace(BAD_REQUEST, status=417), "This server does not do what the header Expect asks."
    ),
    # What the application answered is no fault of who asked.
    "InvalidResponseHeader": Problem(INTERNAL),
    "InvalidResponseHeaderName": Problem(INTERNAL),
}

_log = structlog.get_logger("gatehouse.web")


class RefusingWorker(ThreadWorker):
    """Gunicorn's worker with threads; what it refuses is told and logged without an address or what was sent."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer with a problem document; the connection is closed after it."""
        del req, addr
        name, answering = type(exc).__name__, uuid.uuid4().hex
        problem = _REFUSALS.get(name) or (_UNREADABLE if isinstance(exc, ParseException) else problem_of(exc))
        _log.warning("a request ended before the application answered", error=name, request_id=answering)
        with suppress(OSError):  # nobody listens any more
            write_nonblock(client, _answer(problem, answering))


def _answer(problem: Problem, answering: str) -> bytes:
    status, body = HTTPStatus(problem.kind.status), problem.body(answering)
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        f"Content-Type: {PROBLEM_JSON}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"{REQUEST_ID_HEADER}: {answering}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body
