"""Everything that is measured on a past of a million sign-ups: decisions, crowds, and requests beside the worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from crowds import (
    Containing,
    a_round_of_the_worker,
    ban_three_of_the_cluster,
    beside_line,
    contained,
    crowd_line,
    measure_beside,
    measure_crowd,
)
from past import Past
from scale import KEYS, YOUNG_SIGNUPS, fill, measure_scale, past_of, say, service_on, table
from servers import databases_of
from targets import start_gatehouse

from models.reference.reference import load_reference

_DECISIONS = 40
"""Of each kind a round."""

_NAMES = ("past", "young", "empty")


def on_a_past(
    bodies: Path, *, signups: int, rounds: int, seconds: float, workers: int, databases: Sequence[str]
) -> list[str]:
    """Fill each database, measure on it, and tell in Markdown."""
    reference, lines = load_reference(), []
    for database in databases:
        end = datetime.now(UTC)
        past = past_of(bodies, signups, end=end, reference=reference)
        with _places(database) as (home, full, young, empty):
            fill(full, past)
            youth = past_of(bodies, YOUNG_SIGNUPS, end=end, reference=reference)
            fill(young, youth)
            costs = measure_scale(
                full,
                young,
                empty,
                bodies,
                home / "data",
                end=end,
                reference=reference,
                rounds=rounds,
                decisions=_DECISIONS,
            )
            sizes = f"{past.signups:,} sign-ups, {past.links:,} links; young: {youth.signups:,}, {youth.links:,}."
            lines += [sizes, "", *table(database, costs), ""]
            lines += _over_http(
                database, full, home, past, bodies, seconds=seconds, workers=workers, rounds=rounds // 2
            )
    return lines


def _over_http(
    database: str, full: str, home: Path, past: Past, bodies: Path, *, seconds: float, workers: int, rounds: int
) -> list[str]:
    with ExitStack() as stack:
        target = start_gatehouse(
            f"the past on {database}",
            floor=None,
            database_url=full,
            data=home / "served",
            workers=workers,
            logs=home,
            keys=KEYS,
        )
        stack.callback(target.stop)
        crowd = measure_crowd(target, full, bodies, home, rounds=rounds, seconds=seconds)
        say("beside the worker, which rolls a day up")
        beside = measure_beside(
            target, bodies, lambda: a_round_of_the_worker(full, home / "served"), clients=8, run="w"
        )
        say("beside the containment of the cluster")
        application = service_on(full, home / "data", load_reference())
        ban_three_of_the_cluster(application, past)
        application.store.dispose()
        work = Containing(full, home / "served")
        containing = measure_beside(target, bodies, work, clients=8, run="k")
    return [
        crowd_line(database, crowd),
        "",
        beside_line(database, "the worker's round", beside),
        "",
        beside_line(
            database,
            f"the containment of {contained(full):,} accounts, done in {work.seconds:.0f} s",
            containing,
        ),
        "",
    ]


@contextmanager
def _places(database: str) -> Iterator[tuple[Path, str, str, str]]:
    """A directory, and the URLs of two databases to fill and of one that stays empty."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-past-")))
        if database == "sqlite":
            past, young, empty = (f"sqlite:///{home / name}.db" for name in _NAMES)
            yield home, past, young, empty
            return
        urls = stack.enter_context(databases_of(home / "postgresql", *_NAMES))
        past, young, empty = (urls[name].replace("postgresql:", "postgresql+psycopg:", 1) for name in _NAMES)
        yield home, past, young, empty
