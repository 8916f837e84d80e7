"""Second looks: whoever was let in is judged again in the first day, as first decisions are, and told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.event import EventType
from service.usecases.ports_second_look import Place
from service.usecases.second_look import SecondLook, something_became_known

HOUR = timedelta(hours=1)


def asks_nobody(work: Any, person: Any, assessment: Any, recorded: Any, **_: Any) -> tuple[Any, None]:
    """No challenges here: what is decided stays as it was decided."""
    return assessment, None


def looks(gate: Any) -> SecondLook:
    return SecondLook(gate.store.begin, gate.judge, asks_nobody)  # type: ignore[arg-type]  # a plain function stands in


def test_what_became_known_in_the_first_hour_changes_the_decision_and_is_told_once(gate: Any) -> None:
    early = gate.came(device="shared")
    gate.said(gate.came(device="shared"))
    look = looks(gate)
    gate.later(minutes=30)
    too_early = look(gate.now)
    gate.later(minutes=40)

    changed = look(gate.now)
    again = look(gate.now)

    assert (too_early, changed, again) == (0, 1, 0)
    assert gate.latest(early) is Decision.REVIEW
    told = gate.read(lambda work: work.events.of_subject(early.id))
    assert [each.type for each in told] == [
        EventType.SIGNUP_DECIDED,
        EventType.SIGNUP_CHANGED,
        EventType.ACCOUNT_REASSESS,
    ]
    assert (told[2].data["after"], told[2].data["hours"], told[2].due_at) == ("second_look", 1.0, gate.now)
    entry = gate.read(lambda work: work.audit.entries(subject=early.id, limit=1))[0]
    assert (entry.actor, entry.action) == ("worker", "signup.reassessed")
    (case,) = gate.read(lambda work: work.cases.of_record(early.id))
    assert case.owner == "campus"


def test_whom_nothing_speaks_against_keeps_the_decision_without_a_new_entry(gate: Any) -> None:
    view = gate.came()
    gate.later(hours=2)

    assert looks(gate)(gate.now) == 0

    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", view.id)
    assert len(recorded.assessments) == 1


def test_those_who_came_later_prove_nothing_by_coming() -> None:
    before = {"device": {"links_24h": 0}, "cluster": {"size": 0, "frauds": 0}}

    assert not something_became_known(before, {"device": {"links_24h": 9}, "cluster": {"size": 9, "frauds": 0}})
    assert not something_became_known(before, {"network": {"banned": 9}, "ip_prefix": {"challenges_failed": 9}})
    assert something_became_known(before, {"device": {"links_24h": 1, "challenges_failed": 1}})
    assert something_became_known(before, {"cluster": {"size": 1, "frauds": 1}})
    assert not something_became_known({"bans": {"strong": 1}}, {"bans": {"strong": 1}})


def test_whoever_was_decided_on_since_is_left_alone(gate: Any) -> None:
    view = gate.came(device="shared")
    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", view.id)
        approved = replace(recorded.assessments[0], id=gate.new_id(gate.now), decided_at=gate.now + HOUR / 60)
        audit = replace(gate.read(lambda w: w.audit.entries(subject=view.id))[0], action="signup.decided_by_person")
        work.ledger.append_assessment(recorded.signup_no, approved, audit)
        work.commit()
    gate.said(gate.came(device="shared"))
    gate.later(hours=2)

    assert looks(gate)(gate.now) == 0
    assert gate.latest(view) is Decision.ALLOW


def test_a_look_that_was_missed_by_a_day_is_left_out(gate: Any) -> None:
    gate.came(device="shared")
    gate.said(gate.came(device="shared"))
    gate.later(hours=49)

    assert looks(gate)(gate.now) == 0


def test_a_round_looks_at_so_many_and_the_next_goes_on(with_policy: Callable[..., Any]) -> None:
    gate = with_policy(("format = 1", "format = 1\nsecond_look = { after_hours = [2.0], a_round = 3 }"))
    for _ in range(4):
        gate.came(device="shared")
    gate.said(gate.came(device="shared"))
    gate.later(hours=3)
    look = looks(gate)

    assert [look(gate.now) for _ in range(3)] == [3, 1, 0]


def test_a_policy_without_looks_looks_at_nobody(with_policy: Callable[..., Any]) -> None:
    gate = with_policy(("format = 1", "format = 1\nsecond_look = { after_hours = [] }"))
    gate.came(device="shared")
    gate.said(gate.came(device="shared"))
    gate.later(hours=2)

    assert looks(gate)(gate.now) == 0


def test_on_demand_everybody_is_looked_at_whatever_was_due(gate: Any) -> None:
    since = gate.now
    early = gate.came(device="shared")
    gate.said(gate.came(device="shared"))

    found = looks(gate).on_demand(since=since, now=gate.now)

    assert (found.looked, found.changed) == (2, 1)
    assert gate.latest(early) is Decision.REVIEW


def test_of_two_workers_that_take_the_same_step_one_is_refused_and_writes_nothing(gate: Any) -> None:
    gate.came()
    with gate.store.begin() as work:
        (place,) = work.second_looks.recorded(after=None, since=gate.now - HOUR, until=gate.now, limit=9)
        work.second_looks.move(HOUR, before=None, to=place)
        work.commit()
    gate.came()
    with gate.store.begin() as work:
        (later,) = work.second_looks.recorded(after=place, since=gate.now - HOUR, until=gate.now, limit=9)

    for before in (None, Place(place.recorded_at - HOUR, 1)):
        with gate.store.begin() as work:
            work.second_looks.move(HOUR, before=before, to=later)
            with pytest.raises(ConflictError):
                work.commit()
    with gate.store.begin() as work:
        assert work.second_looks.cursor(HOUR) == place
        assert work.second_looks.cursor(2 * HOUR) is None
