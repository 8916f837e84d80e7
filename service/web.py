"""Flask odds and ends for the web edges: request ids, problem answers, security headers."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from flask import Flask, Response, g, has_request_context, request
from werkzeug.exceptions import HTTPException

from service.domain import errors as domain
from service.domain.errors import FieldError, GatehouseError

PROBLEM_JSON = "application/problem+json"
REQUEST_ID_HEADER = "X-Request-Id"
RETRY_AFTER_S = 2
# Long enough for every tracing scheme in use, and nothing that could break a log line or a header.
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# So many digits may be a card or a phone number that somebody sent by mistake; ids that look so are replaced.
_MANY_DIGITS = re.compile(r"(?:[0-9][._-]?){13,}")
_NO_HEADERS: Mapping[str, str] = {}
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_log = structlog.get_logger("gatehouse.web")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem: its HTTP status, the last part of its ``type`` and its title."""

    status: int
    name: str
    title: str

    @property
    def type(self) -> str:
        """The stable URI that names the kind."""
        return f"urn:gatehouse:problem:{self.name}"


NOT_JSON = ProblemKind(400, "not-json", "The body is not JSON")
BAD_REQUEST = ProblemKind(400, "bad-request", "The request cannot be understood")
UNAUTHENTICATED = ProblemKind(401, "unauthenticated", "A valid API key is needed")
FORBIDDEN = ProblemKind(403, "forbidden", "The API key may not do this")
NOT_FOUND = ProblemKind(404, "not-found", "There is no such thing")
METHOD_NOT_ALLOWED = ProblemKind(405, "method-not-allowed", "The method is not allowed here")
CONFLICT = ProblemKind(409, "conflict", "It contradicts what is recorded")
STILL_RUNNING = ProblemKind(409, "still-running", "The first request has not finished")
TOO_LARGE = ProblemKind(413, "too-large", "The request is too large")
MEDIA_TYPE = ProblemKind(415, "media-type", "The media type is not supported")
INVALID = ProblemKind(422, "invalid-input", "The input is not valid")
CARD_NUMBER = ProblemKind(422, "card-number", "A card number must not be sent here")
KEY_REUSED = ProblemKind(422, "idempotency-key-reused", "The Idempotency-Key was used with another request")
TOO_MANY = ProblemKind(429, "too-many", "It was asked too often")
INTERNAL = ProblemKind(500, "internal", "Something went wrong on our side")
UNAVAILABLE = ProblemKind(503, "unavailable", "The service cannot record decisions now")

PROBLEM_KINDS = (
    NOT_JSON,
    BAD_REQUEST,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    CONFLICT,
    STILL_RUNNING,
    TOO_LARGE,
    MEDIA_TYPE,
    INVALID,
    CARD_NUMBER,
    KEY_REUSED,
    TOO_MANY,
    INTERNAL,
    UNAVAILABLE,
)

# The most special error first: a card number is invalid input too.
_KIND_OF_ERROR: tuple[tuple[type[GatehouseError], ProblemKind], ...] = (
    (domain.CardNumberError, CARD_NUMBER),
    (domain.InvalidError, INVALID),
    (domain.NotFoundError, NOT_FOUND),
    (domain.StillRunningError, STILL_RUNNING),
    (domain.KeyReusedError, KEY_REUSED),
    (domain.ConflictError, CONFLICT),
    (domain.TooManyError, TOO_MANY),
    (domain.UnauthenticatedError, UNAUTHENTICATED),
    (domain.ForbiddenError, FORBIDDEN),
    (domain.UnavailableError, UNAVAILABLE),
)
_KIND_OF_STATUS = {
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    413: TOO_LARGE,
    415: MEDIA_TYPE,
}
# What Flask refuses before any endpoint of ours could say more.
_DETAILS = {
    BAD_REQUEST: "The request could not be read.",
    NOT_FOUND: "There is nothing at this address.",
    METHOD_NOT_ALLOWED: "The header Allow names the methods this address takes.",
    TOO_LARGE: "The body is larger than this address takes.",
}
_HEADERS_OF_KIND = {
    UNAUTHENTICATED: {"WWW-Authenticate": 'Bearer realm="gatehouse"'},
    STILL_RUNNING: {"Retry-After": "1"},
    TOO_MANY: {"Retry-After": "30"},
    UNAVAILABLE: {"Retry-After": str(RETRY_AFTER_S)},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem answer (RFC 9457). Nothing in it repeats what was sent."""

    kind: ProblemKind
    detail: str | None = None
    errors: tuple[FieldError, ...] = ()

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that belong to the kind."""
        return _HEADERS_OF_KIND.get(self.kind, _NO_HEADERS)

    def body(self, answering: str | None = None) -> bytes:
        """The document, on one line; ``answering`` is the request's id where Flask answers none."""
        document: dict[str, object] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "request_id": request_id() if answering is None else answering,
        }
        if self.detail is not None:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = [{"pointer": error.pointer, "message": error.message} for error in self.errors]
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


class RefusedError(Exception):
    """The edge itself refuses a request, before any use case sees it."""

    def __init__(self, kind: ProblemKind, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(kind, detail)


def problem_of(error: BaseException) -> Problem:
    """The one place where an error becomes an HTTP problem; what nobody expected is logged, by its type alone."""
    if isinstance(error, RefusedError):
        return error.problem
    if isinstance(error, domain.UnavailableError):
        _log.warning("the database cannot be used", error=_trouble(error), request_id=request_id())
    if isinstance(error, GatehouseError):
        for kind_of_error, kind in _KIND_OF_ERROR:
            if isinstance(error, kind_of_error):
                return Problem(kind, str(error), getattr(error, "errors", ()))
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        kind = _KIND_OF_STATUS.get(error.code, BAD_REQUEST)
        return Problem(kind, _DETAILS.get(kind))
    _log.error("unexpected error", error=type(error).__name__, where=_where(error), request_id=request_id())
    return Problem(INTERNAL)


def _trouble(error: domain.UnavailableError) -> str:
    """What the driver calls it (``DiskFull``, ``SQLITE_FULL``), never what it says."""
    cause = error.__cause__ or error
    raised = getattr(cause, "orig", None) or cause
    return str(getattr(raised, "sqlite_errorname", type(raised).__name__))


def problem_response(problem: Problem) -> Response:
    """The problem as an answer."""
    response = Response(problem.body(), problem.kind.status, content_type=PROBLEM_JSON)
    response.headers.extend(problem.headers)
    return response


def request_id() -> str:
    """The id of the request being answered."""
    return str(g.request_id) if has_request_context() and "request_id" in g else ""


def install_web(app: Flask, *, new_request_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> None:
    """Give every answer of ``app`` a request id, security headers and problem+json errors.

    A blueprint that answers errors in another form (the console's pages) registers its own error handlers.
    """

    def begin_request() -> None:
        sent = request.headers.get(REQUEST_ID_HEADER, "")
        safe = _REQUEST_ID.fullmatch(sent) is not None and _MANY_DIGITS.search(sent) is None
        g.request_id = sent if safe else new_request_id()

    def end_request(response: Response) -> Response:
        response.headers[REQUEST_ID_HEADER] = request_id()
        for name, value in _SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def answer_error(error: Exception) -> Response:
        response = problem_response(problem_of(error))
        if isinstance(error, HTTPException):
            response.headers.extend(_allow_header(error))
        return response

    app.before_request(begin_request)
    app.after_request(end_request)
    app.register_error_handler(Exception, answer_error)


def _allow_header(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers(request.environ) if name == "Allow"}


def _where(error: BaseException) -> str:
    """The file and line that raised it: enough to start looking, and never a value."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '')}:{trace.tb_lineno}"
