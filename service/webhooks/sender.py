"""One attempt to deliver: sent once to one address, never redirected, bounded in time and size."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException

from service.domain.event import Event
from service.domain.webhook import Attempted, Endpoint, Failure
from service.domain.webhook_url import UrlError, target_of
from service.webhooks.connection import PinnedConnection, RefusedAddressError, Resolve, checked_addresses, resolve
from service.webhooks.message import body_of, headers_of

_ANSWER_LIMIT = 16 * 1024
"""Nobody reads the answer; it is taken so that a receiver which writes one is not cut off while it does."""

_GONE = 410
_RETRY_AFTER_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends events.

    Attributes:
        private_allowed: whether plain HTTP and addresses that are not public are.
        timeout_s: how long an attempt may take. Looking up the name cannot be ended; when that alone took as long,
            nothing is sent.
        user_agent: what we call ourselves.
        context: what certificates are trusted by; the system's by default.
        resolve: gives addresses.
        monotonic: a clock in seconds.
    """

    private_allowed: bool
    timeout_s: float
    user_agent: str
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolve: Resolve = resolve
    monotonic: Callable[[], float] = time.monotonic

    def __call__(self, event: Event, endpoint: Endpoint, *, now: datetime) -> Attempted:
        """Try once; whatever happens is an answer, nothing is raised that a receiver can cause."""
        began = self.monotonic()
        try:
            target = target_of(endpoint.url, private_allowed=self.private_allowed)
            addresses = checked_addresses(target, resolve=self.resolve, private_allowed=self.private_allowed)
        except (UrlError, RefusedAddressError):
            return Attempted(Failure.ADDRESS_REFUSED)
        except (OSError, UnicodeError):
            return Attempted(Failure.NOT_RESOLVED)
        left_s = self.timeout_s - (self.monotonic() - began)
        if left_s <= 0:
            return Attempted(Failure.TIMED_OUT)
        body = body_of(event)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self.user_agent,
            "Connection": "close",
            **headers_of(event, body, endpoint=endpoint, now=now),
        }
        with PinnedConnection(target, addresses, context=self.context, timeout_s=left_s) as connection:
            attempted = _posted(connection, target.path, body, headers)
            given_up = connection.given_up
        return Attempted(Failure.TIMED_OUT) if given_up and attempted.status is None else attempted


def _posted(connection: PinnedConnection, path: str, body: bytes, headers: Mapping[str, str]) -> Attempted:
    try:
        connection.connect()
    except (OSError, ValueError) as error:  # TLS refuses some names by a ValueError
        return Attempted(_why_not_connected(error))
    try:
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        if connection.given_up:
            return Attempted(Failure.TIMED_OUT)
    except TimeoutError:
        return Attempted(Failure.TIMED_OUT)
    except (OSError, ValueError, HTTPException):
        return Attempted(Failure.NOT_HTTP)
    # The status has come, and with it the receiver's word: what happens to the rest of the answer changes nothing.
    with suppress(OSError, HTTPException):
        response.read(_ANSWER_LIMIT)
    return _judged(response.status, response.getheader("Retry-After"))


def _why_not_connected(error: Exception) -> Failure:
    if isinstance(error, TimeoutError):
        return Failure.TIMED_OUT
    return Failure.NOT_TRUSTED if isinstance(error, ssl.SSLError) else Failure.NOT_CONNECTED


def _judged(status: int, retry_after: str | None) -> Attempted:
    if 200 <= status < 300:
        return Attempted(status=status)
    if status == _GONE:
        return Attempted(Failure.GONE, status)
    seconds = None
    if retry_after is not None and retry_after.isdecimal() and len(retry_after) <= _RETRY_AFTER_DIGITS:
        seconds = int(retry_after)
    return Attempted(Failure.STATUS, status, seconds)
