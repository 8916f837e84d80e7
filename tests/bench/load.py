"""The client side: keep-alive connections that each send the next sign-up when the last is answered."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

_PLACE = "signup-id-here"
_ID_LENGTH = 20

# The bodies of this process, cut around the sign-up's id; filled once by ``read_bodies``.
_BODIES: list[tuple[bytes, bytes]] = []


@dataclass(frozen=True, slots=True)
class Order:
    """What one client process is to do.

    Attributes:
        run: part of every sign-up id, so that no id is ever sent twice.
        first: which body to begin with.
    """

    port: int
    token: str
    connections: int
    seconds: float
    run: str
    first: int


@dataclass(slots=True)
class Report:
    """What a client process saw: the latency of every answer within the time, and how many of all had each status."""

    latencies_s: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0


def read_bodies(path: Path) -> None:
    """Load the sign-ups this process sends, one document a line."""
    for line in path.read_bytes().splitlines():
        document = json.loads(line)
        document["signup_id"] = _PLACE
        before, _, after = json.dumps(document, separators=(",", ":")).encode().partition(_PLACE.encode())
        _BODIES.append((before, after))


def drive(order: Order) -> Report:
    """Send sign-ups over every connection until the time is up."""
    report = Report()
    requests = _requests(order)
    with selectors.DefaultSelector() as selector:
        sent_at: dict[socket.socket, float] = {}
        for _ in range(order.connections):
            connection = socket.create_connection(("127.0.0.1", order.port), timeout=60)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
            sent_at[connection] = time.perf_counter()
            connection.sendall(next(requests))
        began = time.perf_counter()
        while time.perf_counter() - began < order.seconds:
            for connection in _readable(selector):
                status = _answer(connection)
                now = time.perf_counter()
                report.latencies_s.append(now - sent_at[connection])
                report.statuses[status] = report.statuses.get(status, 0) + 1
                sent_at[connection] = time.perf_counter()
                connection.sendall(next(requests))
        report.seconds = time.perf_counter() - began
        for connection in sent_at:
            status = _answer(connection)
            report.statuses[status] = report.statuses.get(status, 0) + 1
            connection.close()
    return report


def _requests(order: Order) -> Iterator[bytes]:
    head = (
        "POST /v1/signups HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {order.token}\r\nContent-Length: "
    ).encode()
    for number in count():
        before, after = _BODIES[(order.first + number) % len(_BODIES)]
        signup_id = f"{order.run}-{number}".ljust(_ID_LENGTH, "_").encode()
        length = str(len(before) + len(signup_id) + len(after)).encode()
        yield b"".join((head, length, b"\r\n\r\n", before, signup_id, after))


def _readable(selector: selectors.BaseSelector) -> Iterable[socket.socket]:
    for key, _ in selector.select(timeout=1):
        if isinstance(key.fileobj, socket.socket):
            yield key.fileobj


def _answer(connection: socket.socket) -> int:
    """Read one whole answer; returns its status."""
    received = connection.recv(65_536)
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = int(lengths[0]) - len(body)
    while missing > 0:
        missing -= len(_more(connection))
    return int(head[9:12])


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise ConnectionError("the server closed the connection in the middle of an answer")
    return received
