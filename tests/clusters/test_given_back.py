"""What a release gives back: through several containments, at once, and to those who only touched what was held."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from service.domain.decision import Decision
from service.domain.event import EventType
from service.domain.ids import uuid7
from service.usecases.carry_out import CarryOut
from service.usecases.decide_by_person import append_change

SOMEBODY = "key:somebody"


def contain(gate: Any, view: Any, **changes: Any) -> None:
    gate.clusters.contain.contain(
        gate.cluster(view), owner="campus", by=SOMEBODY, reason="ring", now=gate.now, **changes
    )


def release(gate: Any, view: Any) -> None:
    gate.clusters.contain.release(gate.cluster(view), owner="campus", by=SOMEBODY, reason="mistake", now=gate.now)


def history(gate: Any, view: Any) -> list[str]:
    recorded = gate.read(lambda work: work.ledger.get("campus", view.id))
    return [each.decision.value for each in recorded.assessments]


def of(gate: Any, views: Sequence[Any]) -> list[list[str]]:
    return [history(gate, view) for view in views]


def test_what_is_contained_again_at_once_is_denied(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    release(gate, ring[0])
    contain(gate, ring[0])

    gate.carry_out(gate.now)

    assert of(gate, ring[:7]) == [["allow", "deny", "allow", "deny"]] * 7


def test_one_that_was_a_leaf_and_then_in_the_core_gets_its_own_decision_back(gate: Any) -> None:
    ring, leaf = gate.ring(8, frauds=1), gate.came(device="r-d0")
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    contain(gate, ring[0], whole=True)
    gate.carry_out(gate.now)
    assert history(gate, leaf) == ["allow", "step_up", "deny"]

    release(gate, ring[0])
    gate.carry_out(gate.now)

    assert gate.latest(leaf) is Decision.ALLOW
    assert gate.latest(ring[0]) is Decision.ALLOW


def test_who_came_meanwhile_and_touched_what_was_held_is_looked_at_again(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    gate.later(seconds=1)
    denied, asked = gate.came(device="r-d0", card="r-c1"), gate.came(device="r-d1")
    stranger = gate.came()
    assert gate.decisions([denied, asked, stranger]) == ["deny", "step_up", "allow"]

    gate.later(seconds=1)
    release(gate, ring[0])
    gate.carry_out(gate.now)

    assert gate.decisions([denied, asked, stranger]) == ["allow", "allow", "allow"]
    recorded = gate.read(lambda work: work.ledger.get("campus", denied.id))
    assert recorded.assessments[-1].reasons[-1].code == "CONTAINMENT_RELEASED"
    assert gate.read(lambda work: work.containments.tasks(limit=1)) == ()


def test_who_was_judged_before_the_release_and_recorded_after_it_is_looked_at_again(gate: Any) -> None:
    ring, plan, releasing = gate.ring(8, frauds=1), gate.assess.plan, [release]
    contain(gate, ring[0])
    gate.carry_out(gate.now)

    def planned(*parts: Any, **named: Any) -> Any:
        while releasing:
            releasing.pop()(gate, ring[0])
            gate.carry_out(gate.now)
        return plan(*parts, **named)

    gate.assess = replace(gate.assess, plan=planned)
    late = gate.came(device="r-d0", card="r-c1")
    assert gate.latest(late) is Decision.DENY

    for _ in range(2):
        gate.settle(gate.now)
        gate.work()

    assert history(gate, late) == ["deny", "allow"]
    assert gate.read(lambda work: work.containments.tasks(limit=1)) == ()


def test_who_is_denied_for_a_ban_as_well_stays_denied(gate: Any) -> None:
    ring = gate.ring(8)
    for at in (0, 1):
        gate.said(ring[at])
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    gate.later(seconds=1)
    view = gate.came(device="r-d0", card="r-c0")

    release(gate, ring[0])
    gate.carry_out(gate.now)

    assert history(gate, view) == ["deny"]


def test_of_two_decisions_at_one_instant_the_later_stands(gate: Any) -> None:
    falling = itertools.count(1_000_000, -1)
    judge = replace(gate.judge, new_id=lambda now: uuid7(now, next(falling)))
    carry_out = CarryOut(gate.store.begin, judge, replace(gate.telling(5), judge=judge))
    ring = gate.ring(8, frauds=1)
    contain(gate, ring[0])
    carry_out(gate.now)
    release(gate, ring[0])

    carry_out(gate.now)

    assert gate.decisions(ring[:7]) == ["allow"] * 7


def told(gate: Any, view: Any) -> list[tuple[str, datetime]]:
    """What became of an account as its receiver is told: decisions with the time, in the order of being told."""
    events = gate.read(lambda work: work.events.of_subject(view.id))
    changes = [each for each in events if each.type is EventType.SIGNUP_CHANGED]
    return [(each.data["decision"], each.due_at) for each in sorted(changes, key=lambda each: each.due_at)]


def test_what_is_given_back_is_told_after_the_denial_and_no_later_than_it_would_have_been(gate: Any) -> None:
    ring = gate.ring(20, frauds=1)
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    denied = {view.id: told(gate, view)[0][1] for view in ring[:19]}
    gate.later(hours=1)
    before = gate.now

    release(gate, ring[0])
    gate.carry_out(gate.now)

    for view in ring[:19]:
        (first, at), (second, given_back) = told(gate, view)
        assert (first, second) == ("deny", "allow")
        assert at < given_back
        if denied[view.id] > before:
            assert at <= denied[view.id]
            assert given_back <= denied[view.id]
    spread = {told(gate, view)[1][1] for view in ring[:19]}
    assert len(spread) == 19
    assert max(spread) - min(spread) > timedelta(hours=6)


def test_a_persons_decision_is_told_after_what_the_worker_had_decided_before(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    recorded = gate.read(lambda work: work.ledger.get("campus", ring[0].id))
    last = recorded.assessments[-1]
    gate.later(minutes=1)

    with gate.store.begin() as work:
        allowed = replace(last, id=gate.new_id(gate.now), decision=Decision.ALLOW, decided_at=gate.now)
        append_change(work, recorded, allowed, case_id="case", by="reviewer:lea", now=gate.now, new_id=gate.new_id)
        work.commit()

    assert [decision for decision, _ in told(gate, ring[0])] == ["deny", "allow"]
    assert told(gate, ring[0])[1][1] == gate.now
