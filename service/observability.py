"""Structured logs: one JSON object a line on standard error, and nothing personal in any of them.

The first line of defence is that callers log ids, decisions and timings only. This module is the second: values
that look like an e-mail address, a phone, a card or an IP address are masked whoever logs them, objects are named by
their type instead of being printed, and an exception is told by its type and its place in the code, never by
its text, which may quote what a person typed.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from datetime import date
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import structlog

MASK = "[masked]"

# Names under which personal data travels through this program: a value under one of them is masked unseen.
PERSONAL_KEYS = frozenset(
    {
        "address", "billing_postal_code", "body", "cardholder_name", "client", "email", "fingerprint", "full_name",
        "ip", "name", "orcid", "password", "payload", "phone", "postal_code", "query", "remote_addr", "secret",
        "signup", "stated_use", "token", "user_agent", "website",
    }
)  # fmt: skip

# Made by the program itself, never by a person, and costly to search.
_OWN_KEYS = frozenset(
    {"timestamp", "level", "logger", "decision_id", "route", "error_type", "error_cause", "error_at", "error_trace"}
)

_FRAMES_TOLD = 12
_LONGEST_PLAIN_WORD = 64
_LARGEST_PLAIN_INTEGER = 999_999_999
_TELLING = re.compile(
    r"""
    (?P<instant>\b\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)       # kept: a date or an instant
    | (?P<local>\b(?:127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?\b|\[::1?\](?::\d+)?)                     # kept: this machine
    | (?P<query>\?[^\s"']+)                                                      # a query string: anything may be in it
    | (?P<email>[^\s@"'<>(),:;=\[\]/]+@[^\s@"'<>(),;\[\]/]+)
    | (?P<ipv4>\b\d{1,3}(?:\.\d{1,3}){3}\b)
    | (?P<ipv6>(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){0,6}(?![\w:]))
    | (?P<digits>(?<![\w-])\+?\(?\d(?:[\s().\-]{0,2}\d){8,18}(?![\w-]))          # a phone or a card
    """,
    re.VERBOSE | re.IGNORECASE,
)
_KEPT = frozenset({"instant", "local"})

# structlog hands its processors a logger of any kind and an event of any values.
Event = MutableMapping[str, Any]


def configure_logging(*, level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of the process, whichever library writes it, through the one JSON formatter.

    Args:
        level: the least severity that is written: ``debug``, ``info``, ``warning`` or ``error``.
        stream: where to; standard error by default.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            locate_error,
            mask_personal_data,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it narrates every start
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def during_request(request_id: str) -> AbstractContextManager[None]:
    """Every line logged inside carries the id of the request."""
    return structlog.contextvars.bound_contextvars(request_id=request_id)


def locate_error(logger: object, method: str, event: Event) -> Event:
    """Replace an exception by its type and the places it passed: no text, no values, no paths of the machine."""
    del logger, method
    error = _error_of(event.pop("exc_info", None))
    event.pop("exception", None)
    event.pop("stack_info", None)
    if error is not None:
        trace = _places(error.__traceback__)
        event["error_type"] = _name_of(type(error))
        event["error_at"] = trace[-1] if trace else None
        event["error_trace"] = trace
        if error.__cause__ is not None:
            event["error_cause"] = _name_of(type(error.__cause__))
    return event


def mask_personal_data(logger: object, method: str, event: Event) -> Event:
    """Mask what looks personal in every value and every key, however deep."""
    del logger, method
    return {_masked_text(key): value if key in _OWN_KEYS else _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: object) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if key in PERSONAL_KEYS:
        return MASK
    if isinstance(value, str):
        return _masked_text(value)
    if isinstance(value, Mapping):
        return {_masked_text(str(name)): _masked(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(key, each) for each in value]
    return _masked_scalar(value)


def _masked_scalar(value: object) -> object:
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_PLAIN_INTEGER else MASK
    if isinstance(value, date | UUID):
        return str(value)
    return f"<{_name_of(type(value))}>"


def _masked_text(text: str) -> str:
    if text.isidentifier() and text.isascii() and len(text) <= _LONGEST_PLAIN_WORD:
        return text  # nearly every key and closed-set value; the pattern below costs ten times as much
    return _TELLING.sub(lambda found: found.group() if found.lastgroup in _KEPT else MASK, text)


def _error_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        exc_info = exc_info[1]
    elif exc_info is True:
        exc_info = sys.exc_info()[1]
    return exc_info if isinstance(exc_info, BaseException) else None


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        frame = trace.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}:{trace.tb_lineno} in {frame.f_code.co_name}")
        trace = trace.tb_next
    return places[-_FRAMES_TOLD:]


def _name_of(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
