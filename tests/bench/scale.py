"""What a decision costs on a million sign-ups, beside one on an empty database: in this process, use case and store.

The decisions are the whole use case without HTTP: signals, the one read, features, score, policy, the one write with
its commit. A round makes the same sign-ups everywhere, in an order that changes; the empty database is emptied again
for each. Ratios are to the ordinary sign-up on the empty database in the same round.
"""

from __future__ import annotations

import base64
import dataclasses
import gc
import itertools
import random
import secrets
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filling import fill_postgresql, fill_sqlite
from past import HOT, HOT_DEVICE, IN_A_GROUP, OWNER, Past, hot_cluster_device
from sqlalchemy import make_url, text

from models.reference.reference import Reference
from models.signup import Signup
from models.simulation.files import read_signups
from service.app import Application, compose
from service.config import PREFIX, read_settings
from service.domain.caller import Caller, Scope
from service.metrics import StepClock
from service.storage.encryption import Encryption
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.engine import open_engine
from service.storage.sql.every_table import METADATA
from service.storage.sql.migrate import upgrade
from service.usecases.install_policy import InstallPolicy
from service.usecases.ports import Fingerprint

KEYS = {
    f"{PREFIX}ENCRYPTION_KEYS": "1:" + base64.b64encode(bytes(range(32))).decode(),
    f"{PREFIX}PSEUDONYM_KEYS": "1:" + base64.b64encode(bytes(range(32, 64))).decode(),
}
PSEUDONYMS, _ENCRYPTION = Pseudonyms([(1, bytes(range(32, 64)))]), Encryption([(1, bytes(range(32)))])
_KEPT = {"alembic_version", "policies", "api_keys"}
CALLER = Caller(OWNER, "bench", frozenset(Scope))

_RUN = secrets.token_hex(4)
"""Part of every sign-up id, so that a filled database may be used again."""

EMPTY = "empty, ordinary"
ORDINARY, HOT_IDENTIFIER, HOT_CLUSTER = "ordinary", "hot identifier", "hot cluster"
STORE_STEPS = ("look", "write")


def past_of(bodies: Path, signups: int, *, end: datetime, reference: Reference) -> Past:
    """The past, under the keys of this bench."""
    return Past(bodies, signups, end=end, reference=reference, pseudonyms=PSEUDONYMS, encryption=_ENCRYPTION)


def fill(url: str, past: Past) -> None:
    """Migrate a database and write the past into it."""
    began = time.monotonic()
    engine = open_engine(make_url(url))
    upgrade(engine)
    engine.dispose()
    if url.startswith("sqlite"):
        fill_sqlite(url.removeprefix("sqlite:///"), past.tables())
    else:
        fill_postgresql(url.replace("+psycopg", ""), past.tables())
    say(f"{past.signups:,} sign-ups with {past.links:,} links written in {time.monotonic() - began:.0f} s")


def service_on(url: str, data: Path, reference: Reference) -> Application:
    """The parts of a service on a migrated database."""
    environment = {f"{PREFIX}DATABASE_URL": url, f"{PREFIX}DATA_DIR": str(data), **KEYS}
    application = compose(read_settings(environment), reference=reference)
    InstallPolicy(application.store.begin)(now=datetime.now(UTC))
    return application


def emptied(url: str) -> None:
    """Throw away what was recorded."""
    engine = open_engine(make_url(url))
    names = [table.name for table in reversed(METADATA.sorted_tables) if table.name not in _KEPT]
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for name in names:
                connection.execute(text(f'DELETE FROM "{name}"'))
        else:
            connection.execute(text(f"TRUNCATE {', '.join(names)}"))
    engine.dispose()


@dataclass(slots=True)
class Costs:
    """Seconds of every decision of a kind, a list a round; and of its part in the database."""

    whole: list[list[float]] = field(default_factory=list)
    store: list[list[float]] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def median_ms(self, what: Sequence[Sequence[float]]) -> float:
        """The median over everything."""
        return 1e3 * statistics.median(itertools.chain.from_iterable(what))


Measured = Mapping[str, Costs]


def measure(
    full: Application, empty: Application, bodies: Path, *, end: datetime, rounds: int, decisions: int
) -> Measured:
    """Decide the same sign-ups everywhere, round after round; the first round warms up."""
    costs: dict[str, Costs] = {name: Costs() for name in (EMPTY, ORDINARY, HOT_IDENTIFIER, HOT_CLUSTER)}
    signups = itertools.cycle(read_signups(bodies))
    order, shuffled = list(costs), random.Random(7)
    numbers, clock = itertools.count(), _Clock(end)
    for number in range(rounds + 1):
        # The hot ones are other people's: the same would tie those of the ordinary ones to the cluster, a merge each.
        chosen = {name: [next(signups) for _ in range(decisions)] for name in costs if name != EMPTY}
        chosen[EMPTY] = chosen[ORDINARY]
        emptied(empty.settings.database_url)
        shuffled.shuffle(order)
        for name in order:
            application = empty if name == EMPTY else full
            made = [_CHANGED[name](each, at) for at, each in enumerate(chosen[name])]
            whole, store = _decided(application, made, numbers, clock, costs[name] if number else Costs())
            if number:
                costs[name].whole.append(whole)
                costs[name].store.append(store)
        say(f"round {number} of {rounds}: " + ", ".join(f"{n} {_last_ms(c):.2f} ms" for n, c in costs.items()))
    return costs


class _Clock:
    """A clock that ticks with every look, from where the past ends."""

    def __init__(self, start: datetime) -> None:
        self._at = start

    def __call__(self) -> datetime:
        self._at += timedelta(milliseconds=200)
        return self._at


def _last_ms(costs: Costs) -> float:
    return 1e3 * statistics.median(costs.whole[-1]) if costs.whole else float("nan")


def _decided(
    application: Application, signups: Sequence[Signup], numbers: Iterator[int], clock: _Clock, costs: Costs
) -> tuple[list[float], list[float]]:
    whole, store = [], []
    gc.collect()
    gc.disable()
    for signup in signups:
        now = clock()
        made = dataclasses.replace(signup, signup_id=f"{_RUN}-{next(numbers)}", occurred_at=now)
        steps = StepClock()
        began = time.perf_counter()
        application.assess(made, caller=CALLER, now=now, fingerprint=Fingerprint(bytes(32)), stopwatch=steps)
        whole.append(time.perf_counter() - began)
        store.append(sum(steps.steps[step] for step in STORE_STEPS))
        for step, seconds in steps.steps.items():
            costs.steps[step].append(seconds)
    gc.enable()
    return whole, store


def _on_device(signup: Signup, device_id: str) -> Signup:
    return dataclasses.replace(signup, device=dataclasses.replace(signup.device, device_id=device_id))


_CHANGED: Mapping[str, Callable[[Signup, int], Signup]] = {
    EMPTY: lambda signup, _: signup,
    ORDINARY: lambda signup, _: signup,
    HOT_IDENTIFIER: lambda signup, _: _on_device(signup, HOT_DEVICE),
    HOT_CLUSTER: lambda signup, at: _on_device(signup, hot_cluster_device(at % (HOT // IN_A_GROUP))),
}


def table(database: str, costs: Measured) -> list[str]:
    """A row a kind of sign-up: medians, and ratios as medians over the rounds."""
    lines = [
        f"| {database} | decision | to empty | in the database | to empty | " + " | ".join(STORE_STEPS) + " |",
        "|---|---|---|---|---|" + "---|" * len(STORE_STEPS),
    ]
    for name, each in costs.items():
        cells = [
            name,
            f"{each.median_ms(each.whole):.2f} ms",
            f"{_ratio(each.whole, costs[EMPTY].whole):.2f}",
            f"{each.median_ms(each.store):.2f} ms",
            f"{_ratio(each.store, costs[EMPTY].store):.2f}",
            *(f"{1e3 * statistics.median(each.steps[step]):.2f} ms" for step in STORE_STEPS),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _ratio(of: Sequence[Sequence[float]], to: Sequence[Sequence[float]]) -> float:
    """The median over the rounds of the ratio of their medians."""
    return statistics.median(statistics.median(a) / statistics.median(b) for a, b in zip(of, to, strict=True))


def measure_scale(
    full_url: str,
    empty_url: str,
    bodies: Path,
    data: Path,
    *,
    end: datetime,
    reference: Reference,
    rounds: int,
    decisions: int,
) -> Measured:
    """Measure on a filled database, beside an empty one that is migrated here."""
    engine = open_engine(make_url(empty_url))
    upgrade(engine)
    engine.dispose()
    with ExitStack() as stack:
        full, empty = (service_on(url, data, reference) for url in (full_url, empty_url))
        for application in (full, empty):
            stack.callback(application.store.dispose)
        return measure(full, empty, bodies, end=end, rounds=rounds, decisions=decisions)


def say(line: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(line + "\n")
