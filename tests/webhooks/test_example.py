"""The receiver of the documentation, sent to by the real sender."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from service.domain.event import Event
from service.domain.webhook import Attempted, Endpoint, Failure, Secret, shown_secret
from service.webhooks.sender import Sender

FILE = Path(__file__).parents[2] / "examples" / "webhook_receiver.py"
SECRET = b"s" * 32


@pytest.fixture
def acted() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def endpoint(acted: list[tuple[str, Any]], make_endpoint: Callable[..., Endpoint]) -> Iterator[Endpoint]:
    """The example on a port of its own; what carries ``fail`` cannot be acted on."""
    spec = importlib.util.spec_from_file_location("webhook_receiver", FILE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)

    def act(kind: str, data: dict[str, Any]) -> None:
        if data.pop("fail", False):
            raise RuntimeError("the database is away")
        acted.append((kind, data))

    app = example.create_receiver(shown_secret(SECRET), act)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield make_endpoint(url=f"http://127.0.0.1:{server.server_port}/gatehouse", secrets=(Secret(SECRET),))
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def send() -> Callable[[Event, Endpoint], Attempted]:
    sender = Sender(private_allowed=True, timeout_s=20, user_agent="Gatehouse/test")
    return lambda event, endpoint: sender(event, endpoint, now=datetime.now(UTC))


def test_it_acts_once_on_an_event_that_comes_twice(
    endpoint: Endpoint, acted: list[Any], send: Any, make_event: Callable[..., Event]
) -> None:
    event = make_event(data={"decision": "allow"})

    assert [send(event, endpoint).status for _ in range(2)] == [204, 204]
    assert acted == [("signup.decided", {"decision": "allow"})]


def test_it_refuses_what_another_secret_signed(
    endpoint: Endpoint, acted: list[Any], send: Any, make_endpoint: Callable[..., Endpoint], make_event: Any
) -> None:
    forged = make_endpoint(url=endpoint.url, secrets=(Secret(b"x" * 32),))

    assert send(make_event(), forged) == Attempted(Failure.STATUS, 400)
    assert acted == []


def test_what_it_could_not_act_on_comes_again(
    endpoint: Endpoint, acted: list[Any], send: Any, make_event: Callable[..., Event]
) -> None:
    assert send(make_event(id="e", data={"fail": True}), endpoint) == Attempted(Failure.STATUS, 500)
    assert send(make_event(id="e", data={}), endpoint).status == 204
    assert acted == [("signup.decided", {})]
