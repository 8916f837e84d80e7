"""Training and serving see the same numbers: simulated days through HTTP and SQL, and through the replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from models.features.catalogue import FEATURES
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import day_of
from models.reference.events import AnnouncedEvent, AnnouncedEvents
from models.reference.reference import Reference
from models.replay import replay
from models.signup import Signup
from models.signup_document import document_of_signup
from models.simulation.world import simulate
from service.worker import SETTLED_AFTER, Worker, housekeeping

START = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def expecting(reference: Reference) -> Reference:
    """The reference data of an operator who announced something: to everybody, and to one school."""
    events = (
        AnnouncedEvent("release", START + timedelta(days=7, hours=20), START + timedelta(days=9, hours=5), 4.0),
        AnnouncedEvent("lesson", START, START + timedelta(days=30), 2.0, domains=("college.example",)),
    )
    return replace(reference, events=AnnouncedEvents(events, reference.institutions))


@pytest.fixture
def service(database_url: str, start: Callable[..., Any], clock: Clock, expecting: Reference) -> Any:
    return start(database_url, clock=clock, known=expecting)


@pytest.fixture(scope="session")
def simulated_day() -> list[Signup]:
    """A day with every kind of person and attacker; crowded enough that identifiers saturate."""
    return [each.signup for each in simulate(days=1, seed=11, start=START, honest_per_day=700, hydra_live_accounts=400)]


@pytest.fixture(scope="session")
def simulated_days() -> list[Signup]:
    """Ten quieter days, long enough that bursts are measured against a past; some with numbered mailboxes."""
    stream = simulate(days=10, seed=12, start=START, honest_per_day=45, hydra_live_accounts=30)
    return [
        replace(each.signup, email=f"s{4100 + 3 * at}@college.example") if at % 6 == 0 else each.signup
        for at, each in enumerate(stream)
    ]


def served(service: Any, clock: Clock, signups: list[Signup]) -> dict[str, bytes]:
    """The vectors of the service, whose worker does its round a few minutes after every midnight that matters."""
    worker = Worker(housekeeping(service.parts.store.begin), now=clock)
    today = None
    for signup in signups:
        day = day_of(signup.occurred_at)
        if day != today:
            clock.at, today = signup.occurred_at.replace(hour=0, minute=0) + 2 * SETTLED_AFTER, day
            worker.round()
        clock.at = signup.occurred_at
        answer = service.sign_up(document_of_signup(signup))
        assert answer.status_code == 201, answer.data
    return {record.signup.signup_id: record.assessments[0].vector for record in service.records()}


def replayed(signups: list[Signup], reference: Reference) -> dict[str, bytes]:
    return {
        each.facts.signup.signup_id: each.vector.astype("<f4").tobytes()
        for each in replay(signups, reference=reference, history=MemoryHistory())
    }


def assert_equal(served: dict[str, bytes], replayed: dict[str, bytes]) -> None:
    different = [each for each in replayed if served.get(each) != replayed[each]]
    assert len(served) == len(replayed)
    assert different == [], _first_difference(served[different[0]], replayed[different[0]])


@pytest.mark.slow
def test_one_simulated_day_gives_equal_vectors_to_the_last_bit(
    service: Any, clock: Clock, simulated_day: list[Signup], expecting: Reference
) -> None:
    expected = replayed(simulated_day, expecting)

    assert_equal(served(service, clock, simulated_day), expected)
    _assert_telling(expected, device_signups_24h=3, ip_signups_24h=10, payment_names_365d=3, sync_anomaly_24h=1)


@pytest.mark.slow
def test_days_with_a_roll_up_between_them_give_equal_vectors_to_the_last_bit(
    service: Any, clock: Clock, simulated_days: list[Signup], expecting: Reference, reference: Reference
) -> None:
    expected = replayed(simulated_days, expecting)

    assert_equal(served(service, clock, simulated_days), expected)
    _assert_telling(
        expected,
        email_domain_age_days=5,
        email_sequence_7d=2,
        prefix_burst_1h=1,
        profile_network_burst_24h=0.5,
        email_pattern_burst_24h=0.5,
        email_domain_burst_24h=0.5,
        institution_burst_24h=0.5,
        bin_burst_24h=0.5,
    )
    assert expected != replayed(simulated_days, reference), "the events must be near enough to be seen"


def _assert_telling(vectors: dict[str, bytes], **reached: float) -> None:
    """Equal vectors prove little when the history is empty: it must reach far into the counts."""
    matrix = np.stack([np.frombuffer(vector, "<f4") for vector in vectors.values()])
    names = [feature.name for feature in FEATURES]
    for name, least in reached.items():
        assert np.nanmax(matrix[:, names.index(name)]) >= least, name


def _first_difference(served: bytes, replayed: bytes) -> str:
    pairs = zip(FEATURES, np.frombuffer(served, "<f4"), np.frombuffer(replayed, "<f4"), strict=True)
    return "; ".join(
        f"{feature.name}: served {one}, replayed {other}"
        for feature, one, other in pairs
        if not (one == other or (np.isnan(one) and np.isnan(other)))
    )


def test_what_is_stored_is_the_sign_up_that_was_sent(
    service: Any, clock: Clock, simulated_day: list[Signup], make_document: Callable[..., dict[str, Any]]
) -> None:
    for signup in simulated_day[:25]:
        clock.at = signup.occurred_at
        service.sign_up(document_of_signup(signup))

    assert [record.signup for record in service.records()] == simulated_day[:25]
