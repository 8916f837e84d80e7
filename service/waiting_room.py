"""A waiting room before the heavy requests of one worker, so that health never waits behind them.

A worker's threads serve whatever comes first. Were they all busy deciding, a health check would queue behind every
sign-up and an orchestrator would kill a worker that is merely busy. So only a few requests work at once, a few more
wait for a bounded time, and the next is told to come back; the threads left over always answer the light routes.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wsgi import ClosingIterator

from service.web import PROBLEM_JSON, REQUEST_ID_HEADER, UNAVAILABLE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LIGHT_PATHS = frozenset({"/livez", "/readyz", "/metrics", "/openapi.json"})
RETRY_AFTER_S = 1


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
        self._places = threading.BoundedSemaphore(working + waiting)
        self._desks = threading.BoundedSemaphore(working)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer at once if the route is light, else when a desk is free, else refuse."""
        if environ.get("PATH_INFO") in LIGHT_PATHS:
            return self._app(environ, start_response)
        if not self._places.acquire(blocking=False):
            return self._refuse(start_response)
        if not self._desks.acquire(timeout=self._patience_s):
            self._places.release()
            return self._refuse(start_response)
        try:
            answer = self._app(environ, start_response)
        except BaseException:
            self._leave()
            raise
        # An answer may be produced while it is sent (a batch): the desk is free when it is closed.
        return ClosingIterator(answer, [self._leave])

    def _leave(self) -> None:
        self._desks.release()
        self._places.release()

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
