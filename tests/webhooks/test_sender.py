"""One attempt against real servers: signed as the specification says, and bounded whatever the receiver does."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.domain.event import Event
from service.domain.webhook import Attempted, Endpoint, Failure, Secret, shown_secret
from service.webhooks.sender import Sender

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
def make_sender() -> Callable[..., Sender]:
    def make(**changes: Any) -> Sender:
        return Sender(**{"private_allowed": True, "timeout_s": 20, "user_agent": "Gatehouse/test", **changes})

    return make


def now() -> datetime:
    return datetime.now(UTC)


def test_a_receiver_verifies_what_it_is_sent(
    receiver: Any, make_sender: Any, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    event = make_event(data={"text": "Ἀλέξανδρος & <co>", "score": 0.25, "nothing": None})
    attempted = make_sender()(event, make_endpoint(url=receiver.url, secrets=(Secret(NEW),)), now=now())

    assert attempted == Attempted(status=204)
    [(headers, body)] = receiver.received
    assert Webhook(shown_secret(NEW)).verify(body, headers) == {
        "type": "signup.decided",
        "timestamp": "2026-11-23T12:00:00Z",
        "data": event.data,
    }
    assert (headers["webhook-id"], headers["content-type"]) == (event.id, "application/json")
    assert headers[":path"] == "/hooks?from=gatehouse"
    with pytest.raises(WebhookVerificationError):
        Webhook(shown_secret(OLD)).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(shown_secret(NEW)).verify(body + b" ", headers)


def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_alone(
    receiver: Any, make_sender: Any, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    endpoint = make_endpoint(url=receiver.url, secrets=(Secret(NEW), Secret(OLD, ends_at=now() + timedelta(hours=1))))
    make_sender()(make_event(), endpoint, now=now())
    over = replace(endpoint, secrets=(Secret(NEW), Secret(OLD, ends_at=now())))
    make_sender()(make_event(), over, now=now())

    (during, body), (after, later_body) = receiver.received
    assert during["webhook-signature"].count("v1,") == 2
    assert " " in during["webhook-signature"]
    Webhook(shown_secret(NEW)).verify(body, during)
    Webhook(shown_secret(OLD)).verify(body, during)
    Webhook(shown_secret(NEW)).verify(later_body, after)
    with pytest.raises(WebhookVerificationError):
        Webhook(shown_secret(OLD)).verify(later_body, after)


def test_every_attempt_has_the_same_body_and_id_and_its_own_time(
    receiver: Any, make_sender: Any, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    event, endpoint = make_event(), make_endpoint(url=receiver.url)
    for later in range(2):
        make_sender()(event, endpoint, now=now() + timedelta(minutes=later))

    (first, body), (second, body_again) = receiver.received
    assert body == body_again
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) in {60, 61}


@pytest.mark.parametrize(
    ("status", "headers", "attempted"),
    [
        (200, {}, Attempted(status=200)),
        (299, {}, Attempted(status=299)),
        (302, {"Location": "/elsewhere"}, Attempted(Failure.STATUS, 302)),
        (307, {"Location": "http://169.254.169.254/"}, Attempted(Failure.STATUS, 307)),
        (400, {}, Attempted(Failure.STATUS, 400)),
        (410, {}, Attempted(Failure.GONE, 410)),
        (429, {"Retry-After": "120"}, Attempted(Failure.STATUS, 429, 120)),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Attempted(Failure.STATUS, 503)),
        (503, {"Retry-After": "9" * 40}, Attempted(Failure.STATUS, 503)),
    ],
)
def test_only_success_is_success_and_nothing_is_followed(
    receiver: Any,
    make_sender: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    *,
    status: int,
    headers: dict[str, str],
    attempted: Attempted,
) -> None:
    receiver.answers = [(status, headers)]

    assert make_sender()(make_event(), make_endpoint(url=receiver.url), now=now()) == attempted
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["1.1.1.1", "127.0.0.1"]],
    ids=str,
)
def test_a_name_that_leads_to_a_private_address_is_refused_before_anybody_connects(
    receiver: Any,
    make_sender: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    addresses: list[str],
) -> None:
    port = receiver.server.server_address[1]
    sender = make_sender(private_allowed=False, resolve=lambda *_: addresses)

    attempted = sender(make_event(), make_endpoint(url=f"https://public.example:{port}/"), now=now())

    assert attempted == Attempted(Failure.ADDRESS_REFUSED)
    assert receiver.received == []


def test_a_name_is_looked_up_once_and_its_very_address_connected_to(
    receiver: Any, make_sender: Any, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    port = receiver.server.server_address[1]
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["127.0.0.99"]

    endpoint = make_endpoint(url=f"http://nowhere.invalid:{port}/")
    attempted = make_sender(resolve=resolve)(make_event(), endpoint, now=now())

    assert attempted == Attempted(status=204)
    assert looked_up == ["nowhere.invalid"]
    assert receiver.received[0][0]["host"] == f"nowhere.invalid:{port}"


def test_plain_http_is_refused_where_private_addresses_are(
    receiver: Any, make_sender: Any, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    sender = make_sender(private_allowed=False, resolve=lambda *_: ["1.1.1.1"])

    attempted = sender(make_event(), make_endpoint(url="http://public.example/"), now=now())

    assert attempted == Attempted(Failure.ADDRESS_REFUSED)


def test_a_proxy_of_the_environment_is_not_asked(
    receiver: Any,
    make_sender: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert make_sender()(make_event(), make_endpoint(url=receiver.url), now=now()) == Attempted(status=204)


def test_what_cannot_be_resolved_or_connected_to_is_told_apart(
    make_sender: Any, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    def away(host: str, port: int) -> list[str]:
        raise socket.gaierror("nothing known")

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    unresolved = make_sender(resolve=away)(make_event(), make_endpoint(), now=now())
    unconnected = make_sender()(make_event(), make_endpoint(url=f"http://127.0.0.1:{port}/"), now=now())

    assert (unresolved.failure, unconnected.failure) == (Failure.NOT_RESOLVED, Failure.NOT_CONNECTED)


@pytest.mark.parametrize("host", [".leading.example", "a..b.example", "x" * 64 + ".example", "xn--.example"])
def test_a_name_that_nothing_takes_is_an_answer_and_no_error(
    receiver: Any,
    make_sender: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    host: str,
) -> None:
    endpoint = make_endpoint(url=f"https://{host}:{receiver.server.server_address[1]}/")
    receiver.server.handle_error = lambda *_: None
    attempted = make_sender(resolve=lambda *_: ["127.0.0.1"], timeout_s=2)(make_event(), endpoint, now=now())

    assert attempted.failure is not None
    assert receiver.received == []


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and then says what ``talk`` says, to one connection."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join()


def _silence(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def _drip(connection: socket.socket) -> None:
    """A byte now and then: every single read is quick, and their sum has no end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    connection.settimeout(0.02)
    while True:
        connection.sendall(b"x")
        with suppress(TimeoutError):
            if not connection.recv(65_536):
                return


@pytest.mark.parametrize("talk", [_silence, _drip])
def test_an_attempt_ends_in_time_whatever_the_receiver_does(
    make_sender: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    talk: Callable[[socket.socket], None],
) -> None:
    with serving(talk) as url:
        attempted = make_sender(timeout_s=0.4)(make_event(), make_endpoint(url=url), now=now())

    assert attempted == Attempted(Failure.TIMED_OUT)


def test_nothing_is_sent_once_the_look_up_took_all_the_time(
    receiver: Any, make_sender: Any, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    times = iter([0.0, 21.0])
    sender = make_sender(timeout_s=20, monotonic=lambda: next(times))

    assert sender(make_event(), make_endpoint(url=receiver.url), now=now()) == Attempted(Failure.TIMED_OUT)
    assert receiver.received == []


def _endless_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Header: " + b"x" * 1000 + b"\r\n")


def _endless_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def _no_http(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")


@pytest.mark.parametrize(
    ("talk", "attempted"),
    [
        (_endless_headers, Attempted(Failure.NOT_HTTP)),
        (_endless_body, Attempted(status=200)),
        (_no_http, Attempted(Failure.NOT_HTTP)),
    ],
)
def test_an_answer_without_end_is_cut_off(
    make_sender: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    talk: Callable[[socket.socket], None],
    *,
    attempted: Attempted,
) -> None:
    with serving(talk) as url:
        assert make_sender()(make_event(), make_endpoint(url=url), now=now()) == attempted


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of receiver.example that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver.example")])
    names = [x509.DNSName("receiver.example"), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - dt.timedelta(days=1))
        .not_valid_after(now() + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


@pytest.mark.parametrize(
    ("host", "trusted", "attempted"),
    [
        ("receiver.example", True, Attempted(status=204)),
        ("another.example", True, Attempted(Failure.NOT_TRUSTED)),
        ("receiver.example", False, Attempted(Failure.NOT_TRUSTED)),
    ],
)
def test_a_certificate_must_be_trusted_and_of_the_very_name(
    receiver: Any,
    make_sender: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    certificate: Path,
    *,
    host: str,
    trusted: bool,
    attempted: Attempted,
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    receiver.server.socket = serving.wrap_socket(receiver.server.socket, server_side=True)
    receiver.server.handle_error = lambda *_: None
    context = ssl.create_default_context(cafile=str(certificate) if trusted else None)
    sender = make_sender(context=context, resolve=lambda *_: ["127.0.0.1"])
    port = receiver.server.server_address[1]

    assert sender(make_event(), make_endpoint(url=f"https://{host}:{port}/"), now=now()) == attempted
    assert [json.loads(body)["type"] for _, body in receiver.received] == ["signup.decided"] * (
        attempted.failure is None
    )
