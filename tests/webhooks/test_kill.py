"""A worker is killed fifty times while events keep coming: none is lost, and none that was delivered is sent again."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.config import PREFIX
from service.domain.event import Event
from service.domain.webhook import DeliveryState, Endpoint
from service.usecases.ports_webhooks import Wanted
from service.webhooks.rounds import OF_ONE_ENDPOINT

KILLS = 50
WAIT_S = 120

# Starts ``gatehouse worker`` for every line it reads: forked off, because to import and load everything takes seconds.
NURSERY = """
import os, sys
from service.cli import worker as command
loaded = command.reference_of(command.settings_here())
command.reference_of = lambda settings: loaded
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        command.worker.main([], standalone_mode=False)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class Nursery:
    """Real worker processes, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._ask, self._told = process.stdin, process.stdout

    def start(self) -> int:
        self._ask.write("another\n")
        self._ask.flush()
        return int(self._told.readline())

    def end(self, pid: int, number: signal.Signals) -> None:
        os.kill(pid, number)
        assert self._told.readline() == "ended\n"


@pytest.fixture
def nursery(database_url: str, tmp_path: Path) -> Iterator[Nursery]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {
        "DATABASE_URL": database_url.replace("postgresql+psycopg:", "postgresql:"),
        "DATA_DIR": str(tmp_path),
        "ENCRYPTION_KEYS": "1:" + base64.b64encode(bytes(range(32))).decode(),
        "PSEUDONYM_KEYS": "1:" + base64.b64encode(bytes(range(32, 64))).decode(),
        "WEBHOOK_PRIVATE_ADDRESSES": "true",
        "WEBHOOK_TIMEOUT_S": "1",
    }
    environment |= {PREFIX + name: value for name, value in settings.items()}
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        with process:
            yield Nursery(process)


class Events:
    """Keeps committing events by a thread until it is told to stop."""

    def __init__(self, store: Any, make_event: Callable[..., Event]) -> None:
        self._store, self._make = store, make_event
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.ids: list[str] = []

    def __enter__(self) -> Events:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._enough.wait(0.02):
            event = self._make()
            with self._store.begin() as work:
                work.events.add(event)
                work.commit()
            self.ids.append(event.id)


def wait_until(come: Callable[[], bool], *, every_s: float = 0.002) -> None:
    deadline = time.monotonic() + WAIT_S
    while not come():
        assert time.monotonic() < deadline
        time.sleep(every_s)


def in_state(store: Any, state: DeliveryState) -> set[str]:
    with store.begin() as work:
        found = work.deliveries.of_endpoint("we-1", Wanted(state=state), limit=100_000)
    return {each.event_id for each in found}


@pytest.mark.slow
def test_fifty_kills_lose_no_event_and_repeat_none_that_was_delivered(
    nursery: Nursery,
    sql_store: Any,
    receiver: Any,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
) -> None:
    with sql_store.begin() as work:
        work.endpoints.add(make_endpoint(url=receiver.url))
        work.commit()
    chance = random.Random(50)
    done_at_kill: list[tuple[int, set[str]]] = []

    with Events(sql_store, make_event) as events:
        for _ in range(KILLS):
            wanted = len(receiver.ids) + chance.randint(0, 6)
            worker = nursery.start()
            wait_until(lambda enough=wanted: len(receiver.ids) >= enough)
            time.sleep(chance.uniform(0, 0.02))
            nursery.end(worker, signal.SIGKILL)
            # What is recorded as delivered now was: from here on it must not be sent again.
            done = in_state(sql_store, DeliveryState.DELIVERED)
            done_at_kill.append((len(receiver.ids), done))

    worker = nursery.start()
    wait_until(lambda: in_state(sql_store, DeliveryState.DELIVERED) == set(events.ids), every_s=0.1)
    nursery.end(worker, signal.SIGTERM)

    arrived = receiver.ids
    assert set(arrived) == set(events.ids)
    assert len(done_at_kill[-1][1]) > KILLS, "they were killed while they did something"
    for before, done in done_at_kill:
        assert done.isdisjoint(arrived[before:])
    # Only what was under way when a worker was killed may have come twice.
    again = Counter(arrived)
    assert sum(again.values()) - len(again) <= KILLS * OF_ONE_ENDPOINT
