"""The server answers health while it is busy, bounds what waits, and ends cleanly."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.gunicorn import ServerSettings

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    directory: Path
    process: subprocess.Popen[str]

    def ask(self, method: str, path: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body=b"{}" if method == "POST" else None)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    def open_the_gate(self) -> None:
        (self.directory / "gate").touch()

    def inside(self) -> int:
        return len(list(self.directory.glob("inside-*")))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until(reached: object, what: str) -> None:
    assert callable(reached)
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


@contextmanager
def _serving(directory: Path, *, workers: int) -> Iterator[Server]:
    port = _free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "BIND": f"127.0.0.1:{port}",
        "WORKERS": str(workers),
        "GATE": str(directory / "gate"),
    }
    program = [sys.executable, str(Path(__file__).with_name("blocking_server.py"))]
    with (directory / "stdout").open("w") as told, (directory / "stderr").open("w") as logged:
        process = subprocess.Popen(program, env=environment, stdout=told, stderr=logged, text=True)
    try:
        _wait_until(lambda: "ready" in (directory / "stdout").read_text(), "the server")
        yield Server(port, directory, process)
    finally:
        (directory / "gate").touch()
        process.terminate()
        process.wait(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is sent what cannot be read."""
    with _serving(tmp_path_factory.mktemp("unread"), workers=1) as server:
        yield server


def test_health_answers_while_sixty_heavy_requests_queue(tmp_path: Path) -> None:
    with _serving(tmp_path, workers=1) as server, ThreadPoolExecutor(60) as clients:
        heavy = [clients.submit(server.ask, "POST", "/heavy") for _ in range(60)]
        refused = 60 - ServerSettings().threads + 4
        _wait_until(lambda: sum(each.done() for each in heavy) >= refused, "those who found no place to be refused")
        _wait_until(lambda: server.inside() >= ServerSettings().heavy_requests, "the desks to fill")
        working = server.inside()

        # Every heavy request that was taken in is now blocked until the gate opens; health must not be.
        statuses = [server.ask("GET", "/livez")[0] for _ in range(5)]
        metrics = server.ask("GET", "/metrics")[2]
        still_blocked = sum(not each.done() for each in heavy)
        server.open_the_gate()
        answers = [each.result(timeout=PATIENCE_S) for each in heavy]

    assert statuses == [200] * 5
    assert working == ServerSettings().heavy_requests
    assert still_blocked == 60 - refused
    assert Counter(status for status, _, _ in answers) == {200: 60 - refused, 503: refused}
    assert f"gatehouse_busy_refusals_total {float(refused)}" in metrics
    _, headers, body = next(answer for answer in answers if answer[0] == 503)
    assert headers["Retry-After"] == "1"
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["request_id"] == headers["X-Request-Id"]


def test_two_workers_forked_from_one_application_count_together_and_leave_nothing(tmp_path: Path) -> None:
    with _serving(tmp_path, workers=2) as server:
        server.open_the_gate()
        told = tmp_path / "stdout"
        _wait_until(lambda: told.read_text().count("forked-blocking") == 2, "both workers")
        answered_by = set()
        for _ in range(200):
            assert server.ask("POST", "/heavy")[0] == 200
            answered_by.add(server.ask("GET", "/livez")[2])
            if len(answered_by) == 2:
                break
        sent = server.inside()

        _, _, metrics = server.ask("GET", "/metrics")
        files = list((tmp_path / "metrics").rglob("*.db"))
        server.process.terminate()
        ended = server.process.wait(timeout=PATIENCE_S)

    assert len(answered_by) == 2
    assert re.search(r'gatehouse_signups_total\{kind="replayed"\} ([0-9.]+)', metrics)[1] == str(float(sent))
    assert len({line.split()[1] for line in told.read_text().splitlines() if line.startswith("forked")}) == 2
    assert told.read_text().count("ready") == 1
    assert ended == 0
    assert files
    assert list((tmp_path / "metrics").iterdir()) == []


def test_the_server_speaks_in_json_lines_only(tmp_path: Path) -> None:
    with _serving(tmp_path, workers=1) as server:
        server.ask("GET", "/livez?email=ada@uni.example")

    lines = (tmp_path / "stderr").read_text().splitlines()
    assert lines
    assert {json.loads(line)["logger"] for line in lines} == {"gunicorn.error"}
    assert "ada" not in "".join(lines)


@pytest.mark.parametrize(
    ("request_head", "status", "kind"),
    [
        (b"POST /heavy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: lovelace\r\n\r\n", 501, "bad-request"),
        (b"GET /livez?" + b"lovelace" * 700 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "too-large"),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X-Lovelace: 1\r\n" * 65 + b"\r\n", 431, "too-large"),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nX Lovelace: 1\r\n\r\n", 400, "bad-request"),
        (b"lovelace\r\n\r\n", 400, "bad-request"),
        (b"POST /heavy HTTP/1.1\r\nHost: x\r\nExpect: lovelace\r\nContent-Length: 2\r\n\r\n{}", 417, "bad-request"),
    ],
    ids=["transfer encoding", "address", "headers", "header's name", "no HTTP", "expectation"],
)
def test_what_cannot_be_read_is_refused_as_everything_else_is(
    unread: Server, request_head: bytes, status: int, kind: str
) -> None:
    with socket.create_connection(("127.0.0.1", unread.port), timeout=PATIENCE_S) as connection:
        connection.sendall(request_head)
        response = http.client.HTTPResponse(connection)
        response.begin()
        problem = json.loads(response.read())

    assert (response.status, response.headers["Content-Type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["type"]) == (status, f"urn:gatehouse:problem:{kind}")
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert "lovelace" not in json.dumps(problem).lower()
    logged = (unread.directory / "stderr").read_text().splitlines()
    assert [json.loads(line)["level"] for line in logged if problem["request_id"] in line] == ["warning"]
    assert "lovelace" not in "".join(logged).lower()
    assert "127.0.0.1" not in "".join(line for line in logged if "Listening" not in line)


def test_settings_that_leave_no_thread_for_health_are_refused() -> None:
    with pytest.raises(ValueError, match="threads must be at least"):
        ServerSettings(threads=6, heavy_requests=4)
