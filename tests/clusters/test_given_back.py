"""What a release gives back: through several containments, at once, and to those who only touched what was held."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.decision import Decision
from service.domain.event import EventType
from service.domain.ids import uuid7
from service.usecases.carry_out import CarryOut
from service.usecases.decide_by_person import append_change
from service.usecases.learn_identifiers import LearntKind
from tests.clusters.releasing import SOMEBODY, carry, contain, contained, history, learns, release, released


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


def looks_owed(gate: Any) -> list[int]:
    """Who is to be looked at, and as often as that."""
    tasks = gate.read(lambda work: work.containments.tasks(limit=1_000))
    return sorted(task.touched.signup_no for task in tasks)


def contained_over_and_over(gate: Any, view: Any, times: int) -> list[Any]:
    """Whoever comes is contained in turn, by a containment of its own; those whom they kept out at the door."""
    kept_out: list[Any] = []
    for _ in range(times):
        contained(gate, view, whole=True)
        kept_out += [gate.came(device="r-d0", card="r-c1"), gate.came(device="r-d1")]
    assert Decision.ALLOW not in {gate.latest(each) for each in kept_out}
    return kept_out


def test_whom_several_containments_kept_out_is_looked_at_once_when_they_are_released(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    kept_out = contained_over_and_over(gate, ring[0], 4)

    gate.later(seconds=1)
    release(gate, ring[0])

    assert looks_owed(gate) == [gate.number(each) for each in (*ring, *kept_out)]
    gate.carry_out(gate.now)
    assert gate.decisions([*ring, *kept_out]) == ["allow"] * 16
    assert looks_owed(gate) == []


def test_who_comes_right_after_several_containments_were_released_is_looked_at_once(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contained_over_and_over(gate, ring[0], 3)
    released(gate, ring[0])
    late = gate.came(device="r-d0", mail="late@mailinator.com")  # asked, for whatever reason
    assert gate.latest(late) is Decision.STEP_UP

    for _ in range(2):
        gate.settle(gate.now)

    assert looks_owed(gate) == [gate.number(late)]


@pytest.mark.parametrize("card", ["r-c1", "own"], ids=["in the core", "as a leaf"])
def test_whom_several_releases_owe_a_look_before_the_worker_comes_is_looked_at_once(gate: Any, card: str) -> None:
    ring = gate.ring(8, frauds=1)
    contained(gate, ring[0])
    newcomer = gate.came(device="r-d0", card=card)
    for _ in range(3):
        gate.later(seconds=1)
        release(gate, ring[0])
        gate.later(seconds=1)
        contain(gate, ring[0])
    gate.later(seconds=1)
    release(gate, ring[0])
    assert looks_owed(gate).count(gate.number(newcomer)) == 4
    judged: list[None] = []
    judge = replace(gate.judge, model=lambda: judged.append(None))

    CarryOut(gate.store.begin, judge, gate.telling(5)).batch(gate.now)

    assert gate.latest(newcomer) is Decision.ALLOW
    assert gate.number(newcomer) not in looks_owed(gate)
    assert len(judged) == 1


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


def cut_device(gate: Any, view: Any, device_of: Any) -> None:
    """Cut out the device of a sign-up, which it alone of its cluster's last ones carries with one of the ring."""
    read = gate.clusters.read(gate.cluster(view), owner="campus")
    (links,) = (each.links for each in read.members if each.id == device_of.id)
    (handle,) = (each.handle for each in read.links if each.kind == "device" and each.handle in links)
    gate.later(seconds=1)
    gate.clusters.cut(gate.cluster(view), handle, owner="campus", by=SOMEBODY, reason="shared", now=gate.now)


@pytest.mark.parametrize("merged", [True, False], ids=["of two clusters that became one", "of one cluster"])
def test_a_release_of_two_containments_gives_everybody_back_as_they_were(gate: Any, merged: bool) -> None:
    first, second = gate.ring(8, frauds=1, name="a"), gate.ring(8, frauds=1, name="b")
    if merged:
        contained(gate, first[0])
        contained(gate, second[0])
        gate.came(device="a-d0", card="b-c0")
    else:
        gate.came(device="a-d0", card="b-c0")
        contained(gate, first[0])
        contained(gate, second[0], whole=True)

    released(gate, first[0])

    assert [each[-1] for each in of(gate, [*first[:7], *second[:7]])] == ["allow"] * 14
    assert {len(each) for each in of(gate, [*first[:7], *second[:7]])} == {3}


def test_a_leaf_that_became_core_is_given_back_though_it_was_released_before_the_worker_came(gate: Any) -> None:
    ring, leaf = gate.ring(8, frauds=1), gate.came(device="r-d0")
    contained(gate, ring[0])
    learns(gate, leaf, LearntKind.PAYMENT_FINGERPRINT, "r-c1")

    released(gate, ring[0])

    assert history(gate, leaf) == ["allow", "step_up", "allow"]


@pytest.mark.parametrize(
    ("card", "kind", "value"),
    [("r-c1", LearntKind.DEVICE_ID, "r-d1"), ("own", LearntKind.PAYMENT_FINGERPRINT, "r-c1")],
    ids=["denied at the door", "asked at the door"],
)
def test_a_newcomer_who_learns_more_of_what_is_held_is_let_in_once_it_is_released(
    gate: Any, card: str, kind: LearntKind, value: str
) -> None:
    ring = gate.ring(8, frauds=1)
    contained(gate, ring[0])
    newcomer = gate.came(device="r-d0", card=card)
    learns(gate, newcomer, kind, value)
    carry(gate)
    assert gate.latest(newcomer) is Decision.DENY

    released(gate, ring[0])

    assert gate.latest(newcomer) is Decision.ALLOW


def test_a_newcomer_whom_two_owners_containments_keep_out_is_let_in_once_both_are_released(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contained(gate, ring[0])
    newcomer = gate.came(device="r-d0", card="r-c1")
    gate.came(owner="elsewhere", device="r-d1", card="r-c1")
    contained_by_all(gate, ring[0], whole=True)

    released(gate, ring[0])
    assert gate.latest(newcomer) is Decision.DENY
    released(gate, ring[0], owner=None)

    assert gate.latest(newcomer) is Decision.ALLOW


def contained_by_all(gate: Any, view: Any, **changes: Any) -> None:
    """By a reviewer, who sees every owner's accounts."""
    gate.later(seconds=1)
    asked = {"owner": None, "by": "reviewer:lea", "reason": "ring", "now": gate.now} | changes
    gate.clusters.contain.contain(gate.cluster(view), **asked)
    carry(gate)


@pytest.mark.parametrize(
    ("whole", "card"), [(True, "r-c1"), (False, "own")], ids=["with two edges, whole", "with one edge, by pieces"]
)
def test_a_newcomer_is_let_in_when_what_was_contained_again_at_once_is_released(
    gate: Any, whole: bool, card: str
) -> None:
    ring = gate.ring(8, frauds=1)
    contained(gate, ring[0])
    newcomer = gate.came(device="r-d0", card=card)
    gate.later(seconds=1)
    release(gate, ring[0])
    gate.later(seconds=1)
    contain(gate, ring[0], whole=whole)
    carry(gate)
    assert gate.latest(newcomer) is not Decision.ALLOW

    released(gate, ring[0])

    assert gate.latest(newcomer) is Decision.ALLOW


def test_a_release_answers_for_the_bans_known_by_then_and_for_none_that_comes_later(gate: Any) -> None:
    ring = [gate.came(device="d", card="c") for _ in range(4)]
    gate.said(ring[3])
    contained(gate, ring[0], whole=True)
    gate.look_back(gate.now)
    gate.said(ring[2], source="chargeback")
    gate.look_back(gate.now)

    released(gate, ring[0])
    gate.look_back(gate.now)
    answered = gate.decisions(ring[:2])
    gate.said(ring[1], source="partner")
    gate.later(seconds=1)
    gate.look_back(gate.now)

    assert answered == ["allow"] * 2
    assert history(gate, ring[0]) == ["allow", "deny", "allow", "deny"]


def test_the_older_of_two_containments_gives_back_what_the_newer_one_gave_back_to_it(gate: Any) -> None:
    ring, leaf = gate.ring(8, frauds=1), gate.came(device="r-d0")
    gate.came(owner="elsewhere", device="r-d1", card="r-c1")
    contained_by_all(gate, ring[0])
    contained(gate, ring[0], whole=True)
    assert history(gate, leaf) == ["allow", "step_up", "deny"]

    released(gate, ring[0])
    assert gate.latest(leaf) is Decision.STEP_UP
    released(gate, ring[0], owner=None)

    assert gate.latest(leaf) is Decision.ALLOW


def test_whoever_was_asked_for_touching_what_is_held_and_then_cut_out_is_let_in_once_it_is_released(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contained(gate, ring[0])
    newcomer = gate.came(device="r-d0")
    assert gate.latest(newcomer) is Decision.STEP_UP
    cut_device(gate, ring[0], newcomer)
    assert gate.cluster(newcomer) != gate.cluster(ring[0])

    released(gate, ring[0])

    assert gate.latest(newcomer) is Decision.ALLOW


def test_whoever_becomes_known_as_good_before_the_worker_comes_is_left_alone(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    gate.later(seconds=1)
    contain(gate, ring[0])
    gate.said(ring[1], "legitimate")

    carry(gate)

    assert gate.latest(ring[1]) is Decision.ALLOW
    assert gate.decisions(ring[2:7]) == ["deny"] * 5


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
