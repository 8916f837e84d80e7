"""The services that are measured: started as processes of their own, asked for their memory and their steps."""

from __future__ import annotations

import base64
import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

REPOSITORY = Path(__file__).parents[2]
_START_S = 60.0


@dataclass(slots=True)
class Target:
    """One running service. ``floor`` names the target it is held against besides the constant answer."""

    name: str
    floor: str | None
    port: int
    token: str
    process: subprocess.Popen[bytes]
    started_in_s: float

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def step_microseconds(self) -> dict[str, float]:
        """The mean time of each step of the path, from the service's own metrics."""
        totals: dict[str, dict[str, float]] = {"sum": {}, "count": {}}
        for family in text_string_to_metric_families(_get(self.port, "/metrics")[1].decode()):
            for sample in family.samples:
                kind = sample.name.removeprefix("gatehouse_step_seconds_")
                if family.name == "gatehouse_step_seconds" and kind in totals:
                    totals[kind][sample.labels["step"]] = sample.value
        return {step: 1e6 * total / totals["count"][step] for step, total in totals["sum"].items()}

    def worker_memory(self) -> tuple[float, float]:
        """The private and the resident memory of the largest worker, in MiB."""
        workers = [pid for pid in _children(self.process.pid) if _forked_from(pid, self.process.pid)]
        return max((_memory(pid) for pid in workers), default=(float("nan"), float("nan")))


def start_floor(name: str, *, store: str, workers: int, logs: Path) -> Target:
    """Start a floor over a store (see ``floors``)."""
    command = [sys.executable, str(Path(__file__).with_name("floors.py"))]
    return _start(name, None, command, {"BENCH_STORE": store}, token="none", workers=workers, logs=logs)


def start_gatehouse(
    name: str,
    *,
    floor: str | None,
    database_url: str | None,
    data: Path,
    workers: int,
    logs: Path,
    keys: Mapping[str, str] | None = None,
) -> Target:
    """Migrate, make a key, and start ``gatehouse serve`` on a database (``None``: its own SQLite).

    ``keys`` are the settings of encryption and pseudonyms of a database that is filled already.
    """
    settings = {"GATEHOUSE_DATA_DIR": str(data)}
    if database_url is not None:
        settings["GATEHOUSE_DATABASE_URL"] = database_url
        settings |= keys or {
            f"GATEHOUSE_{name}": "1:" + base64.b64encode(secrets.token_bytes(32)).decode()
            for name in ("ENCRYPTION_KEYS", "PSEUDONYM_KEYS")
        }
    gatehouse = [sys.executable, "-m", "service.cli"]
    environment = _environment(settings)
    subprocess.run([*gatehouse, "db", "upgrade"], env=environment, check=True, capture_output=True)
    made = subprocess.run(
        [*gatehouse, "keys", "create", "--name", "bench", "--scope", "signups"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return _start(name, floor, [*gatehouse, "serve"], settings, token=made.stdout.strip(), workers=workers, logs=logs)


def _start(
    name: str,
    floor: str | None,
    command: list[str],
    settings: Mapping[str, str],
    *,
    token: str,
    workers: int,
    logs: Path,
) -> Target:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = _environment({**settings, "GATEHOUSE_BIND": f"127.0.0.1:{port}", "GATEHOUSE_WORKERS": str(workers)})
    log_path = logs / f"{name.replace(' ', '-').replace('+', 'and')}.log"
    with log_path.open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    while True:
        try:
            if _get(port, "/livez")[0] == 200:
                return Target(name, floor, port, token, process, time.perf_counter() - began)
        except OSError:
            pass
        if process.poll() is not None or time.perf_counter() - began > _START_S:
            process.kill()
            raise RuntimeError(f"{name} did not start:\n{log_path.read_text(errors='replace')[-3000:]}")
        time.sleep(0.005)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    return {**inherited, "PYTHONPATH": str(REPOSITORY), **settings}


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _children(parent: int) -> list[int]:
    return [
        int(pid) for task in Path(f"/proc/{parent}/task").iterdir() for pid in (task / "children").read_text().split()
    ]


def _forked_from(pid: int, parent: int) -> bool:
    """True for a worker of gunicorn, which has its master's command line; a program started beside it has its own."""
    own, its = (Path(f"/proc/{each}/cmdline").read_bytes() for each in (pid, parent))
    return own == its


def _memory(pid: int) -> tuple[float, float]:
    private = resident = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in {"Private_Clean", "Private_Dirty"}:
            private += int(rest.split()[0])
        elif name == "Rss":
            resident = int(rest.split()[0])
    return private / 1024, resident / 1024
