"""What the tests of webhooks share: events, endpoints, and a receiver that writes down what it is sent."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Connection

from service.domain.event import Event, EventType
from service.domain.webhook import Endpoint, Secret
from service.storage.sql.engine import open_engine


@pytest.fixture
def make_event(noon: datetime) -> Callable[..., Event]:
    """Makes an event; name only what matters."""
    numbers = itertools.count(1)

    def make(**changes: Any) -> Event:
        number = next(numbers)
        plain: dict[str, Any] = {
            "id": f"ev-{number}",
            "type": EventType.SIGNUP_DECIDED,
            "owner": "acme",
            "subject": "r1",
            "occurred_at": noon,
            "due_at": noon,
            "data": {"decision": "allow", "number": number},
        }
        return Event(**{**plain, **changes})

    return make


@pytest.fixture
def make_endpoint(noon: datetime) -> Callable[..., Endpoint]:
    """Makes an endpoint; name only what matters."""

    def make(endpoint_id: str = "we-1", **changes: Any) -> Endpoint:
        plain: dict[str, Any] = {
            "id": endpoint_id,
            "owner": "acme",
            "url": "https://hooks.acme.example/gatehouse",
            "description": "the sign-up flow",
            "events": None,
            "active": True,
            "secrets": (Secret(bytes(range(32))),),
            "created_at": noon,
        }
        return Endpoint(**{**plain, **changes})

    return make


@pytest.fixture
def put() -> Callable[..., None]:
    """Commits endpoints and events to a store, each by itself."""

    def putting(store: Any, *parts: Endpoint | Event) -> None:
        for part in parts:
            with store.begin() as work:
                if isinstance(part, Endpoint):
                    work.endpoints.add(part)
                else:
                    work.events.add(part)
                work.commit()

    return putting


@pytest.fixture
def raw() -> Callable[[str], Any]:
    """A connection past every repository, for tampering."""

    @contextmanager
    def connecting(url: str) -> Iterator[Connection]:
        engine = open_engine(url)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    return connecting


@dataclass
class Receiver:
    """A server on the loopback. ``answers`` are given one after the other, the last one for ever."""

    server: ThreadingHTTPServer
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(204, {})])
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hooks?from=gatehouse"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.received]

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        with self.lock:
            self.received.append((headers, body))
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more = receiver.answer(headers | {":path": self.path}, body)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()
