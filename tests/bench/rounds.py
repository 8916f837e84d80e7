"""Rounds of requests over HTTP: client processes that share the connections, and their reports as one."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from load import Order, Report, drive, read_bodies
from targets import Target

_CLIENT_PROCESSES = 2


@contextmanager
def clients_with(bodies: Path) -> Iterator[ProcessPoolExecutor]:
    """Client processes that send these sign-ups."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_CLIENT_PROCESSES, mp_context=spawn, initializer=read_bodies, initargs=(bodies,)) as pool:
        yield pool


def one_round(clients: ProcessPoolExecutor, target: Target, connections: int, seconds: float, *, run: str) -> Report:
    """One round; ``run`` is part of every sign-up id and says where among the sign-ups it begins.

    Raises:
        RuntimeError: something else than 201 was answered.
    """
    share = [connections // _CLIENT_PROCESSES + (part < connections % _CLIENT_PROCESSES) for part in range(2)]
    orders = [
        Order(
            port=target.port,
            token=target.token,
            connections=of,
            seconds=seconds,
            run=f"{run}c{part}",
            first=crc32(run.encode()) % 5_000 + part * 5_000,
        )
        for part, of in enumerate(share)
        if of
    ]
    whole = Report()
    for report in clients.map(drive, orders):
        whole.latencies_s += report.latencies_s
        whole.seconds = max(whole.seconds, report.seconds)
        for status, seen in report.statuses.items():
            whole.statuses[status] = whole.statuses.get(status, 0) + seen
    if set(whole.statuses) - {201}:
        raise RuntimeError(f"{target.name} answered {whole.statuses}: only 201 is a measurement")
    return whole
