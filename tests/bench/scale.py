"""What a decision costs on a million sign-ups, beside an empty database and a young one: in this process.

The young one shows whether the cost grows with the past; on the empty one there is nothing to read or to count. The
decisions are the whole use case without HTTP: signals, the one read, features, score, policy, the one write with its
commit. One sign-up of each kind follows the other, in an order that changes, so that a busy machine disturbs all
alike; the empty database is emptied again for each round. Ratios are to the ordinary sign-up on the empty database and
on the young one in the same round, and to the very same sign-up on the young one. Whoever comes on the hot device or
into the hot cluster is held or denied, which has reasons to tell and a case to write: how much of the ratio that is,
one who is held on the empty database shows.
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
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filling import fill_postgresql, fill_sqlite
from past import HOT, HOT_DEVICE, IN_A_GROUP, Past, hot_cluster_device
from past_signups import OWNER
from sqlalchemy import make_url, text
from strangers import stranger

from models.reference.reference import Reference
from models.signals.signals import derive_signals
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
from service.usecases.ports_idempotency import Fingerprint

KEYS = {
    f"{PREFIX}ENCRYPTION_KEYS": "1:" + base64.b64encode(bytes(range(32))).decode(),
    f"{PREFIX}PSEUDONYM_KEYS": "1:" + base64.b64encode(bytes(range(32, 64))).decode(),
}
PSEUDONYMS, _ENCRYPTION = Pseudonyms([(1, bytes(range(32, 64)))]), Encryption([(1, bytes(range(32)))])
_KEPT = {"alembic_version", "policies", "api_keys"}
CALLER = Caller(OWNER, "bench", frozenset(Scope))

_RUN = secrets.token_hex(4)
"""Part of every sign-up id, so that a filled database may be used again."""

YOUNG_SIGNUPS = 10_000
"""Sign-ups of the young past, beside the accounts of the device and of the cluster."""

EMPTY, YOUNG, EMPTY_HELD = "empty, ordinary", "young, ordinary", "empty, held"
ORDINARY, HOT_IDENTIFIER, HOT_CLUSTER = "ordinary", "hot identifier", "hot cluster"
YOUNG_HOT_IDENTIFIER, YOUNG_HOT_CLUSTER = "young, hot identifier", "young, hot cluster"
HELD = frozenset({EMPTY_HELD, HOT_IDENTIFIER, HOT_CLUSTER, YOUNG_HOT_IDENTIFIER, YOUNG_HOT_CLUSTER})
ON_YOUNG = {ORDINARY: YOUNG, HOT_IDENTIFIER: YOUNG_HOT_IDENTIFIER, HOT_CLUSTER: YOUNG_HOT_CLUSTER}
"""The same sign-ups on the young database, which has the device and the cluster too."""
STORE_STEPS = ("look", "write")

HELD_FROM = 10
"""So many sign-ups on one device have every further one held, on an empty database too."""


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


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one decision, and of its steps in the database."""

    whole: float
    steps: Mapping[str, float]

    @property
    def store(self) -> float:
        """The part in the database."""
        return sum(self.steps.values())


@dataclass(slots=True)
class Costs:
    """What the decisions of one kind cost, a list a round."""

    rounds: list[list[Cost]] = field(default_factory=list)

    def round(self) -> list[Cost]:
        """A list for one more round."""
        self.rounds.append([])
        return self.rounds[-1]

    def median_ms(self, of: Callable[[Cost], float]) -> float:
        """The median over everything."""
        return 1e3 * statistics.median(of(each) for each in itertools.chain.from_iterable(self.rounds))

    def ratio(self, to: Costs, of: Callable[[Cost], float]) -> float:
        """The median over the rounds of the ratio of their medians."""
        return statistics.median(
            statistics.median(map(of, own)) / statistics.median(map(of, other))
            for own, other in zip(self.rounds, to.rounds, strict=True)
        )


Measured = Mapping[str, Costs]


def measure(
    full: Application,
    young: Application,
    empty: Application,
    bodies: Path,
    *,
    end: datetime,
    rounds: int,
    decisions: int,
) -> Measured:
    """Decide everywhere in turn, one sign-up of each kind after the other; the first round warms up."""
    costs: dict[str, Costs] = {name: Costs() for name in _CHANGED}
    signups = itertools.cycle(read_signups(bodies))
    order, shuffled = list(costs), random.Random(7)
    numbers, clock = itertools.count(), _Clock(end)
    elsewhere = {EMPTY: empty, EMPTY_HELD: empty} | dict.fromkeys(ON_YOUNG.values(), young)
    same_as = {EMPTY: ORDINARY} | {on_young: name for name, on_young in ON_YOUNG.items()}

    def made(name: str, signup: Signup, at: int) -> Signup:
        changed = _CHANGED[name](signup, at)
        return dataclasses.replace(changed, signup_id=f"{_RUN}-{next(numbers)}", occurred_at=clock())

    for number in range(rounds + 1):
        emptied(empty.settings.database_url)
        for at in range(HELD_FROM):
            _decided(empty, made(EMPTY_HELD, next(signups), at))
        kept = {name: costs[name].round() if number else Costs().round() for name in costs}
        gc.collect()
        gc.disable()
        for at in range(decisions):
            chosen = {name: next(signups) for name in costs if name not in same_as}
            chosen |= {name: chosen[same] for name, same in same_as.items()}
            shuffled.shuffle(order)
            for name in order:
                kept[name].append(_decided(elsewhere.get(name, full), made(name, chosen[name], at)))
        gc.enable()
        say(f"round {number} of {rounds}: " + ", ".join(f"{n} {_median_ms(k):.2f} ms" for n, k in kept.items()))
    return costs


def _decided(application: Application, signup: Signup) -> Cost:
    # The sign-up on all databases comes several times: what is remembered of its signals must not favour it.
    derive_signals(signup, application.reference)
    steps = StepClock()
    began = time.perf_counter()
    application.assess(
        signup, caller=CALLER, now=signup.occurred_at, fingerprint=Fingerprint(bytes(32)), stopwatch=steps
    )
    return Cost(time.perf_counter() - began, {step: steps.steps[step] for step in STORE_STEPS})


def _median_ms(costs: Sequence[Cost]) -> float:
    return 1e3 * statistics.median(each.whole for each in costs)


class _Clock:
    """A clock that ticks with every look, from where the past ends."""

    def __init__(self, start: datetime) -> None:
        self._at = start

    def __call__(self) -> datetime:
        self._at += timedelta(milliseconds=200)
        return self._at


def _on_device(signup: Signup, device_id: str) -> Signup:
    return dataclasses.replace(signup, device=dataclasses.replace(signup.device, device_id=device_id))


def _on_the_device(signup: Signup, _: int) -> Signup:
    return _on_device(stranger(signup, 1), HOT_DEVICE)


def _in_the_cluster(signup: Signup, at: int) -> Signup:
    return _on_device(stranger(signup, 2), hot_cluster_device(at % (HOT // IN_A_GROUP)))


_CHANGED: Mapping[str, Callable[[Signup, int], Signup]] = {
    EMPTY: lambda signup, _: signup,
    YOUNG: lambda signup, _: signup,
    ORDINARY: lambda signup, _: signup,
    EMPTY_HELD: _on_the_device,
    HOT_IDENTIFIER: _on_the_device,
    YOUNG_HOT_IDENTIFIER: _on_the_device,
    HOT_CLUSTER: _in_the_cluster,
    YOUNG_HOT_CLUSTER: _in_the_cluster,
}


def table(database: str, costs: Measured) -> list[str]:
    """A row a kind of sign-up: medians, and ratios as medians over the rounds."""
    lines = [
        f"| {database} | decision | to empty | to young | to one held on empty | to the same on young "
        "| in the database | to empty | to young | " + " | ".join(STORE_STEPS) + " |",
        "|---|---|---|---|---|---|---|---|---|" + "---|" * len(STORE_STEPS),
    ]
    for name, each in costs.items():
        cells = [
            name,
            f"{each.median_ms(_whole):.2f} ms",
            *(f"{each.ratio(costs[other], _whole):.2f}" for other in (EMPTY, YOUNG)),
            f"{each.ratio(costs[EMPTY_HELD], _whole):.2f}" if name in HELD else "",
            f"{each.ratio(costs[ON_YOUNG[name]], _whole):.2f}" if name in ON_YOUNG else "",
            f"{each.median_ms(_store):.2f} ms",
            *(f"{each.ratio(costs[other], _store):.2f}" for other in (EMPTY, YOUNG)),
            *(f"{each.median_ms(lambda cost, step=step: cost.steps[step]):.2f} ms" for step in STORE_STEPS),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _whole(cost: Cost) -> float:
    return cost.whole


def _store(cost: Cost) -> float:
    return cost.store


def measure_scale(
    full_url: str,
    young_url: str,
    empty_url: str,
    bodies: Path,
    data: Path,
    *,
    end: datetime,
    reference: Reference,
    rounds: int,
    decisions: int,
) -> Measured:
    """Measure on a filled database, beside a young one and an empty one, which is migrated here."""
    engine = open_engine(make_url(empty_url))
    upgrade(engine)
    engine.dispose()
    with ExitStack() as stack:
        full, young, empty = (service_on(url, data, reference) for url in (full_url, young_url, empty_url))
        for application in (full, young, empty):
            stack.callback(application.store.dispose)
        return measure(full, young, empty, bodies, end=end, rounds=rounds, decisions=decisions)


def say(line: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(line + "\n")
