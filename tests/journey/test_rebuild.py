"""Vectors are rebuilt from what was recorded, equal to the last bit, and a killed rebuild goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.reference.reference import Reference
from models.signup_document import document_of_signup
from models.simulation.world import simulate
from service.domain.caller import Caller, Scope
from service.domain.outcome import Label, Statement
from service.domain.policy import default_policy_text, parse_policy
from service.usecases.rebuild_vectors import RebuildVectors
from service.usecases.record_outcome import RecordOutcome
from service.worker import SETTLED_AFTER, Worker, housekeeping

START = datetime(2026, 11, 2, tzinfo=UTC)
PATIENCE_S = 120.0


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def lived(database_url: str, start: Callable[..., Any], reference: Reference) -> Any:
    """A service that decided for three days, where outcomes became known, one of them wrongly, in between."""
    clock = Clock()
    service = start(database_url, clock=clock, known=reference)
    worker = Worker(housekeeping(service.parts.store.begin), now=clock)
    policy = parse_policy(default_policy_text(), version=1)
    say = RecordOutcome(service.parts.store.begin, lambda: policy, service.parts.assess.new_id)
    caller = Caller("acme", "k1", frozenset(Scope))
    today = None
    for at, each in enumerate(simulate(days=3, seed=5, start=START, honest_per_day=40, prevalence=0.3)):
        signup = each.signup
        if signup.occurred_at.date() != today:
            today = signup.occurred_at.date()
            clock.at = signup.occurred_at.replace(hour=0, minute=0) + 2 * SETTLED_AFTER
            worker.round()
        clock.at = max(clock.at, signup.occurred_at)
        answer = service.sign_up(document_of_signup(signup))
        assert answer.status_code == 201, answer.data
        owner = service.records()[0].owner if at == 0 else caller.owner
        caller = Caller(owner, "k1", frozenset(Scope))
        if each.truth.fraud or at % 9 == 0:
            clock.at += timedelta(seconds=1)
            say(signup.signup_id, Statement(Label.FRAUD, "reviewer", "seen", 1.0), caller=caller, now=clock.at)
        if at % 9 == 0:
            clock.at += timedelta(seconds=1)
            say(signup.signup_id, Statement(Label.UNKNOWN, "reviewer", "seen", 1.0), caller=caller, now=clock.at)
    return service


def test_what_was_lived_through_again_is_what_was_logged(lived: Any, reference: Reference) -> None:
    rebuilt = list(RebuildVectors(lived.parts.store.begin, reference)())

    different = [each.recorded.signup.signup_id for each in rebuilt if each.equal is not True]
    assert len(rebuilt) > 100
    assert different == []


def test_those_who_are_only_remembered_are_met_by_the_others(lived: Any, reference: Reference) -> None:
    rebuild = RebuildVectors(lived.parts.store.begin, reference)
    whole = [(each.recorded.id, each.vector) for each in rebuild()]

    rest = [(each.recorded.id, each.vector) for each in rebuild(remembered=60)]

    assert rest == whole[60:]
