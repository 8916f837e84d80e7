"""``gatehouse webhooks``: what the README tells a new user to type, with a receiver of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

Run = Callable[..., Any]
SECRET = r"whsec_[A-Za-z0-9+/]{43}="


@pytest.fixture
def migrated(migrated: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GATEHOUSE_WEBHOOK_PRIVATE_ADDRESSES", "true")
    return migrated


@pytest.fixture
def received() -> list[tuple[bytes, dict[str, str]]]:
    return []


@pytest.fixture
def status() -> list[int]:
    """What the receiver answers; changed by a test."""
    return [204]


@pytest.fixture
def url(received: list[tuple[bytes, dict[str, str]]], status: list[int]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers)))
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/gatehouse"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def added(migrated: Run, url: str) -> tuple[str, str]:
    """The id and the secret of a new endpoint."""
    shown = migrated("webhooks", "add", url, "--owner", "default", "--description", "sign-up flow")
    assert shown.code == 0, shown.err
    endpoint_id, secret = shown.out.split()
    return endpoint_id, secret


def test_a_test_event_arrives_signed_with_the_printed_secret(
    migrated: Run, added: tuple[str, str], received: list[Any]
) -> None:
    endpoint_id, secret = added
    event_id = migrated("webhooks", "test", endpoint_id).out.strip()
    worked = migrated("worker", "--once")

    [(body, headers)] = received
    assert Webhook(secret).verify(body, headers)["type"] == "webhook.test"
    assert headers["webhook-id"] == event_id
    assert "1 events delivered" in worked.out
    assert f"{event_id}  webhook.test  delivered  1 attempts" in migrated("webhooks", "deliveries", endpoint_id).out


def test_after_a_rotation_either_secret_verifies(migrated: Run, added: tuple[str, str], received: list[Any]) -> None:
    endpoint_id, old = added
    new = migrated("webhooks", "rotate", endpoint_id).out.strip()
    migrated("webhooks", "test", endpoint_id)
    migrated("worker", "--once")

    [(body, headers)] = received
    assert new != old
    for secret in (old, new):
        Webhook(secret).verify(body, headers)


def test_a_failed_delivery_is_listed_and_a_gone_receiver_is_paused_and_replayed(
    migrated: Run, added: tuple[str, str], received: list[Any], status: list[int]
) -> None:
    endpoint_id, _ = added
    status[0] = 410
    event_id = migrated("webhooks", "test", endpoint_id).out.strip()
    migrated("worker", "--once")

    dead = migrated("webhooks", "deliveries", endpoint_id, "--state", "dead").out
    assert event_id in dead
    assert "gone  HTTP 410" in dead
    assert "paused" in migrated("webhooks", "list").out
    assert migrated("webhooks", "replay", endpoint_id).out == "1 deliveries are on their way again\n"
    assert migrated("webhooks", "replay", endpoint_id).out == "0 deliveries are on their way again\n"
    assert "pending  0 attempts" in migrated("webhooks", "deliveries", endpoint_id).out

    status[0] = 204
    assert migrated("webhooks", "resume", endpoint_id).code == 0
    migrated("worker", "--once")
    assert [headers["webhook-id"] for _, headers in received] == [event_id, event_id]


def test_one_delivered_event_is_replayed_by_its_id(migrated: Run, added: tuple[str, str], received: list[Any]) -> None:
    endpoint_id, _ = added
    event_id = migrated("webhooks", "test", endpoint_id).out.strip()
    migrated("webhooks", "test", endpoint_id)
    migrated("worker", "--once")
    migrated("webhooks", "replay", endpoint_id, "--event", event_id)
    migrated("worker", "--once")

    assert len(received) == 3
    assert received[-1][1]["webhook-id"] == event_id


def test_endpoints_are_listed_and_removed(migrated: Run, added: tuple[str, str], url: str) -> None:
    endpoint_id, secret = added
    migrated("webhooks", "add", "https://other.example/", "--owner", "other", "--event", "case.resolved")
    listed = migrated("webhooks", "list").out
    of_one = migrated("webhooks", "list", "--owner", "other").out

    assert f"{endpoint_id}  default  active  all  {url}  sign-up flow\n" in listed
    assert secret not in listed
    assert of_one.count("\n") == 1
    assert "case.resolved" in of_one
    assert migrated("webhooks", "remove", endpoint_id).code == 0
    assert endpoint_id not in migrated("webhooks", "list").out
    again = migrated("webhooks", "remove", endpoint_id)
    assert (again.code, again.err.count("\n")) == (1, 1)


def test_a_private_address_is_refused_in_one_line_unless_allowed(
    migrated: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEHOUSE_WEBHOOK_PRIVATE_ADDRESSES")

    refused = migrated("webhooks", "add", url, "--owner", "default")

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "/url" in refused.err
