"""The sign-up flow is told: from a sign-up over HTTP to a signed message at a receiver, and to nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from service.domain.caller import Scope
from service.jobs import delivery_of
from service.metrics import Metrics
from service.usecases.issue_key import IssueKey


@dataclass
class Receiver:
    """A receiver on the loopback and what it was sent, by path."""

    address: str
    received: dict[str, list[tuple[bytes, dict[str, str]]]] = field(default_factory=dict)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.setdefault(self.path, []).append((body, dict(self.headers)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_decision_reaches_the_receiver_of_its_owner_signed_and_once(
    start: Callable[..., Any],
    database_url: str,
    receiver: Receiver,
    make_document: Callable[..., dict[str, Any]],
) -> None:
    service = start(database_url, WEBHOOK_PRIVATE_ADDRESSES="true")
    secrets = {}
    for owner in ("journey", "stranger"):
        issue = IssueKey(service.parts.store.begin)
        token = issue(name=owner, scopes=[Scope.ADMIN], actor="test", now=datetime.now(UTC)).token
        headers = {"Authorization": f"Bearer {token}"}
        created = service.client.post(
            "/v1/webhooks", json={"url": f"{receiver.address}/{owner}"}, headers=headers
        ).get_json()
        secrets[owner] = created["secret"]
    answer = service.sign_up(make_document()).get_json()
    service.sign_up(make_document())
    metrics = Metrics()
    job = delivery_of(service.parts.store, service.parts.settings, metrics)

    assert [job.run(datetime.now(UTC)) for _ in range(2)] == [1, 0]

    assert list(receiver.received) == ["/journey"]
    [(body, sent)] = receiver.received["/journey"]
    told = Webhook(secrets["journey"]).verify(body, sent)
    assert told["type"] == "signup.decided"
    assert {key: told["data"][key] for key in ("id", "signup_id", "decision")} == {
        key: answer[key] for key in ("id", "signup_id", "decision")
    }
    assert b"maupertuis" not in body.lower()
    assert b'gatehouse_webhook_attempts_total{result="delivered"} 1.0' in metrics.exposition()
    figures = service.client.get("/metrics").get_data(as_text=True)
    assert "gatehouse_outbox_age_seconds 0.0" in figures
    ready = service.client.get("/readyz").get_json()
    assert ready["checks"]["webhooks"] == {"ok": True, "waiting": 0, "age_s": 0, "dead_letters": 0}
