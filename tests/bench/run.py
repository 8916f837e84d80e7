"""``make bench``: throughput, latency, steps, start-up and memory, as ratios to floors measured in the same run; then
decisions, crowds and the worker's round on a past of a million sign-ups, as ratios to an empty database.

The services run side by side, rounds are interleaved, and every figure is the median of the rounds, so that a
noisy machine disturbs all of them alike.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from on_a_past import on_a_past
from report import Measured, conditions, round_of, step_table, throughput_table
from rounds import clients_with, one_round
from servers import databases_of
from targets import REPOSITORY, Target, start_floor, start_gatehouse

from models.simulation.files import write_signups
from models.simulation.world import simulate

CONSTANT = "constant"
ON_SQLITE, ON_POSTGRESQL = "constant + insert, SQLite", "constant + insert, PostgreSQL"


def main() -> None:
    """Measure, print the tables, and write them to the file."""
    options = _options()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    bodies = _bodies(options.out.parent / f"bench-signups-{options.bodies}.jsonl", options.bodies)
    parts = []
    if options.rounds:
        parts += _throughput(options, bodies)
    if options.prior:
        parts += on_a_past(
            bodies,
            signups=options.prior,
            rounds=options.scale_rounds,
            seconds=options.seconds,
            workers=options.workers,
            databases=[name for name in ("sqlite", "postgresql") if options.only in (None, name)],
        )
    written = "\n".join([*parts, ""])
    options.out.write_text(written)
    sys.stdout.write(written)
    _say(f"written to {options.out}")


def _throughput(options: argparse.Namespace, bodies: Path) -> list[str]:
    with ExitStack() as stack:
        clients = stack.enter_context(clients_with(bodies))
        targets = stack.enter_context(_running(options.workers, options.only))
        measured = [Measured(target) for target in targets]
        for number in range(options.rounds + 1):
            for each in measured:
                seconds = options.seconds if number else min(options.seconds, 2.0)
                report = one_round(clients, each.target, options.clients, seconds, run=f"r{number}")
                if number:  # the first round warms up
                    each.rounds.append(round_of(report))
                _say(f"round {number} of {options.rounds}: {each.target.name}: {round_of(report).per_second:,.0f}/s")
        how = conditions(
            clients=options.clients, workers=options.workers, rounds=options.rounds, seconds=options.seconds
        )
        return [how, "", *throughput_table(measured), "", *step_table(measured), ""]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of throughput; 0 leaves it out")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round of each target")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bodies", type=int, default=10_000, help="how many different simulated sign-ups")
    parser.add_argument("--prior", type=int, default=1_000_000, help="sign-ups of the past; 0 leaves it out")
    parser.add_argument("--scale-rounds", type=int, default=12, help="of decisions on the past")
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
            urls = stack.enter_context(databases_of(home / "postgresql", "floor", "gatehouse"))
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


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
