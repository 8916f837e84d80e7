"""A waiting room before the heavy requests of one worker, so that health never waits behind them.

A worker's threads serve whatever comes first. Were they all busy deciding, a health check would queue behind every
sign-up and an orchestrator would kill a worker that is merely busy. So only a few requests work at once, a few more
wait for a bounded time, and the next is told to come back; the threads left over always answer the light routes.

A list of a thousand lines works for seconds. Nine of them at once would keep every desk from the sign-up flows, so
long requests have half of the desks and half of the places at most, whoever sends how many.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wsgi import ClosingIterator

from service.web import PROBLEM_JSON, REQUEST_ID_HEADER, UNAVAILABLE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LIGHT_PATHS = frozenset({"/livez", "/readyz", "/metrics", "/openapi.json"})
RETRY_AFTER_S = 1

LONG_PATHS = frozenset({"/v1/signups/batch"})
LONG_BODY = 16 * 1024
"""Bytes: ten times a usual sign-up, or some hundred and fifty outcomes, which take half a second."""


class _Desks:
    """So many that may work at once, and so many more that may wait for them."""

    def __init__(self, working: int, waiting: int) -> None:
        self.places = threading.BoundedSemaphore(working + waiting)
        self.desks = threading.BoundedSemaphore(working)


class WaitingRoom:
    """WSGI middleware: at most ``working`` heavy requests at once and ``waiting`` more behind them."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        working: int,
        waiting: int,
        patience_s: float,
        on_refusal: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._patience_s = patience_s
        self._on_refusal = on_refusal
        self._all = _Desks(working, waiting)
        self._long = _Desks(max(1, working // 2), waiting // 2)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer at once if the route is light, else when a desk is free, else refuse."""
        if environ.get("PATH_INFO") in LIGHT_PATHS:
            return self._app(environ, start_response)
        rooms = (self._long, self._all) if _is_long(environ) else (self._all,)
        until = time.monotonic() + self._patience_s
        taken: list[threading.BoundedSemaphore] = []

        def take(each: threading.BoundedSemaphore, *, wait: bool) -> bool:
            # Whoever waits for anything has a place in the one room: while a thread waits it answers no health check.
            got = each.acquire(timeout=max(0.0, until - time.monotonic())) if wait else each.acquire(blocking=False)
            if got:
                taken.append(each)
            return got

        def leave() -> None:
            for each in reversed(taken):
                each.release()

        places = all(take(room.places, wait=False) for room in rooms)
        if not places or not all(take(room.desks, wait=True) for room in rooms):
            leave()
            return self._refuse(start_response)
        try:
            answer = self._app(environ, start_response)
        except BaseException:
            leave()
            raise
        # An answer may be produced while it is sent (a batch): the desk is free when it is closed.
        return ClosingIterator(answer, [leave])

    def _refuse(self, start_response: StartResponse) -> Iterable[bytes]:
        self._on_refusal()
        request_id = uuid.uuid4().hex
        body = json.dumps(
            {
                "type": UNAVAILABLE.type,
                "title": UNAVAILABLE.title,
                "status": UNAVAILABLE.status,
                "detail": "Too many requests are waiting; nothing was recorded. Send the same request again.",
                "request_id": request_id,
            }
        ).encode()
        start_response(
            "503 Service Unavailable",
            [
                ("Content-Type", PROBLEM_JSON),
                ("Content-Length", str(len(body))),
                ("Retry-After", str(RETRY_AFTER_S)),
                ("Cache-Control", "no-store"),
                (REQUEST_ID_HEADER, request_id),
            ],
        )
        return [body]


def _is_long(environ: WSGIEnvironment) -> bool:
    """Whether it may bring a long list, as far as its head tells: a body of unknown length may be any."""
    length = environ.get("CONTENT_LENGTH") or ""
    of_unknown_length = "HTTP_TRANSFER_ENCODING" in environ and not length
    too_large = length.isdecimal() and int(length[:12]) > LONG_BODY
    return environ.get("PATH_INFO") in LONG_PATHS or too_large or of_unknown_length
