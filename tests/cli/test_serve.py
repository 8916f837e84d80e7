"""``gatehouse serve`` and ``gatehouse demo`` for real: gunicorn, a port, and what the person at the terminal reads."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.config import PREFIX

WAIT_S = 60


@dataclass
class Served:
    """A running ``gatehouse serve`` and what it has written."""

    process: subprocess.Popen[bytes]
    output: Path
    address: str

    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            found = re.search(pattern, self.text())
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no {pattern!r} in:\n{self.text()}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=WAIT_S)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def starting(**settings: str) -> Served:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            bind = f"127.0.0.1:{probe.getsockname()[1]}"
        output = tmp_path / f"output-{len(started)}.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment |= {f"{PREFIX}DATA_DIR": str(tmp_path / "data"), f"{PREFIX}BIND": bind, f"{PREFIX}WORKERS": "1"}
        environment |= {PREFIX + name: value for name, value in settings.items()}
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "serve"], env=environment, stdout=file, stderr=file
            )
        served = Served(process, output, f"http://{bind}")
        started.append(served)
        return served

    yield starting
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()


def run_curl(line: str) -> Any:
    """Do what the printed ``curl`` line says."""
    words = shlex.split(line.replace("\\\n", " "))
    url = next(word for word in words if word.startswith("http"))
    headers = dict(words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1].encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as response:
        return json.load(response)


@pytest.mark.slow
def test_the_first_start_alone_prints_a_key_in_a_curl_line_whose_answer_is_a_real_decision(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    printed = served.wait_for(r"curl -s [^\n]+\\\n[^\n]+\n")

    answer = run_curl(printed.group())

    assert answer["decision"] in {"step_up", "review"}
    assert answer["reasons"]
    assert f"{served.address}/console" in served.text()
    with urllib.request.urlopen(f"{served.address}/readyz", timeout=30) as ready:
        assert json.load(ready)["status"] == "ready"
    # The worker beside it seals what was recorded.
    served.wait_for(r'"audit entries sealed": \d')
    served.wait_for("gh_[0-9a-f]{12}_[0-9a-f]{64}")
    assert served.stop() == 0

    second = serve()
    second.wait_for("Gatehouse serves on")

    assert "gh_" not in second.text()


def children_of(pid: int, word: bytes) -> list[int]:
    """The processes that another has started with a word on their command line and that still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if word in command and int(stat[1]) == pid and stat[0] != "Z":
            found.append(int(folder.name))
    return found


def workers_beside(served: Served) -> list[int]:
    """The processes that ``serve`` has started as workers and that still run."""
    return children_of(served.process.pid, b"--beside")


@pytest.mark.slow
def test_a_worker_beside_that_is_killed_is_started_again_and_ends_with_the_service(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    served.wait_for("worker round")
    [killed] = workers_beside(served)
    os.kill(killed, signal.SIGKILL)

    served.wait_for("starting it again")
    printed = served.wait_for(r"curl -s [^\n]+\\\n[^\n]+\n")
    run_curl(printed.group())
    served.wait_for(r"(?s)starting it again.*\"audit entries sealed\": \d")
    [again] = workers_beside(served)
    assert again != killed
    assert served.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(again, 0)


@pytest.mark.slow
def test_postgresql_wants_to_be_upgraded_first(serve: Callable[..., Served], new_postgresql: Callable[[], str]) -> None:
    key = base64.b64encode(bytes(32)).decode()
    served = serve(DATABASE_URL=new_postgresql(), ENCRYPTION_KEYS=f"1:{key}", PSEUDONYM_KEYS=f"1:{key}")

    assert served.process.wait(timeout=WAIT_S) == 1
    assert "gatehouse db upgrade" in served.text()


@pytest.mark.slow
def test_the_demo_shows_the_hydra_being_noticed(run: Callable[..., Any]) -> None:
    shown = run("demo")

    assert shown.code == 0, shown.err
    noticed = re.search(r"noticed at its account number (\d+)", shown.out)
    assert noticed, shown.out
    assert int(noticed.group(1)) <= 30
    honest = re.search(r"honest people[^\d]+(\d+) [^\d]+(\d+)", shown.out)
    hydra = re.search(r"hydra accounts[^\d]+(\d+) [^\d]+(\d+)", shown.out)
    assert honest
    assert hydra
    assert int(honest.group(2)) >= 0.85 * int(honest.group(1))
    assert int(hydra.group(2)) <= 0.5 * int(hydra.group(1))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    output, before = tmp_path / "output.txt", {**os.environ, "TMPDIR": str(tmp_path)}
    with output.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "service.cli", "demo"], env=before, stdout=file, stderr=file)
    demo = Served(process, output, "")
    deadline = time.monotonic() + WAIT_S
    while not (serving := children_of(process.pid, b"serve")):
        assert process.poll() is None, demo.text()
        assert time.monotonic() < deadline, demo.text()
        time.sleep(0.05)

    process.send_signal(number)

    assert process.wait(timeout=WAIT_S) == 128 + number, demo.text()
    for each in serving:
        with pytest.raises(ProcessLookupError):
            os.kill(each, 0)
    assert list(tmp_path.glob("gatehouse-*")) == []


def test_a_taken_port_is_told_in_one_line(serve: Callable[..., Served]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = serve(BIND=f"127.0.0.1:{taken.getsockname()[1]}")

        assert served.process.wait(timeout=WAIT_S) == 1
    assert served.text().count("\n") == 1
    assert "GATEHOUSE_BIND" in served.text()


@pytest.mark.slow
def test_a_hail_of_signals_ends_the_worker(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment[f"{PREFIX}DATA_DIR"] = str(tmp_path / "data")
    command = [sys.executable, "-m", "service.cli"]
    subprocess.run([*command, "db", "upgrade"], env=environment, check=True, capture_output=True)
    process = subprocess.Popen([*command, "worker"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    with process.stderr:
        # Its first round seals what the upgrade left, and says so: from then on it listens to signals.
        assert any(b"worker round" in line for line in process.stderr)
        for number in range(60):
            if process.poll() is not None:
                break
            process.send_signal((signal.SIGTERM, signal.SIGINT)[number % 2])

        assert process.wait(timeout=WAIT_S) == 0
