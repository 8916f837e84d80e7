"""What is decided, said or learnt while somebody is contained, or before the worker gives back, is not missed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.domain.case import CaseState
from service.domain.decision import Decision, Reason
from service.usecases.decide_by_person import REVIEW_GROUP
from service.usecases.learn_identifiers import LearntKind
from service.usecases.ports import AuditEntry
from tests.clusters.releasing import SOMEBODY, carry, contain, contained, learns, release, released


def appended(gate: Any, view: Any, **changes: Any) -> None:
    """A further assessment like the last, but for what is named."""
    gate.later(seconds=1)
    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", view.id)
        made = replace(recorded.assessments[-1], id=gate.new_id(gate.now), decided_at=gate.now, **changes)
        work.ledger.append_assessment(
            recorded.signup_no, made, AuditEntry(gate.now, SOMEBODY, "signup.reassessed", view.id, {})
        )
        work.commit()


def test_what_a_person_decided_after_a_second_look_while_contained_stands(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contained(gate, ring[0])
    for view in ring[1:3]:
        appended(gate, view)
    appended(gate, ring[2], vector=None, reasons=(Reason("FAKE_IDENTITY", REVIEW_GROUP, "A person decided."),))

    released(gate, ring[0])

    assert gate.decisions(ring[1:3]) == ["allow", "deny"]


@pytest.mark.parametrize("looked_back", [True, False])
@pytest.mark.parametrize("released_first", [True, False])
def test_a_ban_between_a_release_and_what_the_worker_makes_of_it_is_not_missed(
    gate: Any, *, looked_back: bool, released_first: bool
) -> None:
    pair = [gate.came(device="d", card="c") for _ in range(2)]
    contained(gate, pair[0], whole=True)

    def release_it() -> None:
        gate.later(seconds=1)
        release(gate, pair[0])

    if released_first:
        release_it()
    gate.said(pair[1])
    if not released_first:
        release_it()
    if looked_back:
        gate.later(seconds=1)
        gate.look_back(gate.now)
    carry(gate)
    gate.look_back(gate.now)
    carry(gate)

    # What was known by the release is answered for by whoever released it.
    assert gate.latest(pair[0]) is (Decision.DENY if released_first else Decision.ALLOW)


def test_what_is_learnt_between_a_release_and_what_the_worker_makes_of_it_is_looked_at(gate: Any) -> None:
    pair = [gate.came(device="d", card="c") for _ in range(2)]
    gate.said(gate.came(device="x"))
    gate.look_back(gate.now)
    contained(gate, pair[0], whole=True)
    gate.later(seconds=1)
    release(gate, pair[0])
    learns(gate, pair[0], LearntKind.DEVICE_ID, "x")
    carry(gate)

    gate.look_back(gate.now)

    assert gate.decisions(pair) == ["review", "allow"]


def test_who_comes_into_review_by_a_release_has_a_case(gate: Any) -> None:
    ring = [gate.came(device="d", card="c") for _ in range(3)]
    who = gate.came(device="d", card="c", phone="+33612345678")
    contained(gate, who, whole=True)
    gate.said(gate.came(phone="+33612345678"))
    appended(gate, who, vector=b"looked at again")

    released(gate, who)

    assert gate.decisions([who, *ring]) == ["review", "allow", "allow", "allow"]
    (case,) = gate.read(lambda work: work.cases.of_record(who.id))
    assert case.state is CaseState.OPEN


def test_a_look_back_that_came_before_the_containment_was_carried_out_denies_nobody_for_good(gate: Any) -> None:
    ring = gate.ring(8)
    gate.said(ring[7])
    gate.later(seconds=1)
    contain(gate, ring[0])
    gate.later(seconds=1)
    gate.look_back(gate.now)
    carry(gate)
    assert gate.latest(ring[0]) is Decision.DENY

    released(gate, ring[0])

    assert Decision.DENY not in {gate.latest(each) for each in ring[:7]}


@pytest.mark.parametrize("at_the_door", [True, False])
@pytest.mark.parametrize(("label", "source", "given_back"), [("fraud", "reviewer", False), ("fraud", "partner", True)])
def test_whom_a_reviewer_rejects_while_he_is_contained_no_release_lets_in(
    gate: Any, label: str, source: str, *, given_back: bool, at_the_door: bool
) -> None:
    ring = gate.ring(8, frauds=0)
    contained(gate, ring[0], whole=True)
    late = gate.came(device="r-d0", card="r-c2") if at_the_door else ring[3]
    assert gate.latest(late) is Decision.DENY
    gate.said(late, label, source)

    released(gate, ring[0])

    assert gate.latest(late) is (Decision.ALLOW if given_back else Decision.DENY)


def test_a_rejection_that_was_taken_back_is_none(gate: Any) -> None:
    ring = gate.ring(8, frauds=0)
    contained(gate, ring[0], whole=True)
    gate.said(ring[3])
    gate.said(ring[3], "unknown")

    released(gate, ring[0])

    assert gate.latest(ring[3]) is Decision.ALLOW


def test_a_rejection_of_before_is_what_the_release_gives_back_to(gate: Any) -> None:
    ring = gate.ring(8, frauds=0)
    gate.said(ring[3])
    contained(gate, ring[0], whole=True)

    released(gate, ring[0])

    assert gate.latest(ring[3]) is Decision.ALLOW, "a word alone had not closed him"
