"""After a ban: standby pools are looked at again, and bridges between clusters are a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.caller import Caller, Scope
from service.domain.case import CaseState
from service.domain.decision import Decision
from service.domain.event import EventType
from service.domain.outcome import Label, Statement
from service.domain.reviewer import Acting, Role
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.open_case import OpenCase
from service.usecases.ports import AuditEntry
from tests.clusters.looking_back import FIREFOX, pools, round_of

ALLOW, STEP_UP, REVIEW, DENY = Decision
CALLER = Caller("campus", "k1", frozenset(Scope))
LEA = Acting("reviewer:lea", Role.LEAD)


def test_accounts_that_were_let_in_are_looked_at_again_once(gate: Any) -> None:
    standby = gate.came(device="d")
    banned = gate.came(device="d")
    gate.said(banned)

    round_of(gate)
    round_of(gate)

    assert gate.latest(standby) is REVIEW
    recorded = gate.read(lambda work: work.ledger.get("campus", standby.id))
    assert len(recorded.assessments) == 2
    reassess = gate.read(lambda work: work.events.of_subject(standby.id))[-1]
    assert reassess.type is EventType.ACCOUNT_REASSESS
    assert timedelta(0) <= reassess.due_at - gate.now + timedelta(seconds=5) <= timedelta(hours=24)


def history(gate: Any, view: Any) -> list[Decision]:
    recorded = gate.read(lambda work: work.ledger.get("campus", view.id))
    return [each.decision for each in recorded.assessments]


def look_back_while(gate: Any, does: Callable[[], object]) -> None:
    """Look back; something is done between the first account that is to be told and the commit."""
    tell, waiting = gate.look_back.tell, [does]

    def told(*parts: Any, **named: Any) -> Any:
        while waiting:
            waiting.pop()()
        return tell(*parts, **named)

    replace(gate.look_back, tell=told)(gate.now)


def test_who_is_contained_while_he_is_looked_at_is_given_back_whole(gate: Any) -> None:
    ring = gate.ring(8)
    gate.said(ring[7])
    by = {"owner": "campus", "by": "key:one", "reason": "ring"}
    gate.clusters.contain.contain(gate.cluster(ring[0]), now=gate.now, **by)
    gate.later(seconds=1)

    look_back_while(gate, lambda: gate.carry_out(gate.now))
    contained = [history(gate, view) for view in ring[:7]]
    gate.clusters.contain.release(gate.cluster(ring[0]), now=gate.now, **by)
    gate.carry_out(gate.now)

    assert contained == [[ALLOW, DENY]] * 7
    assert [history(gate, view) for view in ring[:7]] == [[ALLOW, DENY, ALLOW]] * 7


def test_whom_another_worker_looked_at_meanwhile_is_told_once(gate: Any) -> None:
    standby = [gate.came(device="d") for _ in range(3)]
    gate.said(gate.came(device="d"))
    gate.later(seconds=1)

    look_back_while(gate, lambda: gate.look_back(gate.now))

    assert [history(gate, view) for view in standby] == [[ALLOW, REVIEW]] * 3
    told = [gate.read(lambda work, view=view: work.events.of_subject(view.id)) for view in standby]
    types = [EventType.SIGNUP_DECIDED, EventType.SIGNUP_CHANGED, EventType.ACCOUNT_REASSESS]
    assert [[each.type for each in of_one] for of_one in told] == [types] * 3


def test_one_who_is_decided_on_meanwhile_keeps_no_other_from_being_looked_at(gate: Any) -> None:
    standby = [gate.came(device="d") for _ in range(5)]
    gate.said(gate.came(device="d"))
    gate.later(seconds=1)
    recorded = gate.read(lambda work: work.ledger.get("campus", standby[2].id))

    def by_hand() -> None:
        with gate.store.begin() as work:
            decided = replace(recorded.assessments[-1], id=gate.new_id(gate.now), decision=DENY, decided_at=gate.now)
            work.ledger.append_assessment(recorded.signup_no, decided, work.audit.entries(limit=1)[0])
            work.commit()

    look_back_while(gate, by_hand)

    assert [history(gate, view)[1:] for view in standby] == [[REVIEW], [REVIEW], [DENY], [REVIEW], [REVIEW]]


def test_a_pair_of_medium_identifiers_leads_back_too(gate: Any) -> None:
    standby = gate.came(ip="81.2.69.142", agent=FIREFOX)
    single = gate.came(ip="81.2.69.142")
    gate.said(gate.came(ip="81.2.69.142", agent=FIREFOX))

    round_of(gate)

    assert (gate.latest(standby), gate.latest(single)) == (STEP_UP, ALLOW)


@pytest.mark.parametrize("shield", ["old", "good", "guarded"])
def test_who_is_not_looked_at_again(gate: Any, shield: str) -> None:
    standby = gate.came(device="d")
    if shield == "old":
        gate.now += timedelta(days=91)
    elif shield == "good":
        gate.said(standby, "legitimate")
    else:
        gate.declare(
            [(IdentifierKind.DEVICE, "d")], by="k", reason="lab", until=gate.now + timedelta(days=9), now=gate.now
        )
    gate.said(gate.came(device="d"))

    round_of(gate)

    assert gate.latest(standby) is ALLOW


def test_several_bans_of_a_round_ask_each_account_once(memory_gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = memory_gate
    people = [gate.came(device="d") for _ in range(7)]
    for each in people[:3]:
        gate.said(each)
    asked = []
    monkeypatch.setattr(
        "service.usecases.look_back.look_again",
        lambda *parts, **_: asked.append(parts[2].id) or parts[2].assessments[-1],
    )

    round_of(gate)

    assert sorted(asked) == sorted(each.id for each in people[3:])


def test_a_ban_that_is_said_anew_is_looked_back_from_anew(gate: Any) -> None:
    banned = gate.came(device="d")
    gate.said(banned)
    assert gate.look_back(gate.now) == 1
    assert gate.look_back(gate.now) == 0
    gate.said(banned, "unknown")
    gate.said(banned)

    assert gate.look_back(gate.now) == 1


@pytest.mark.parametrize(("bridges", "cases"), [(2, 0), (3, 1)])
def test_enough_bridges_of_two_kinds_are_one_case(gate: Any, bridges: int, cases: int) -> None:
    first, second = pools(gate, bridges)
    assert gate.cluster(first[0]) != gate.cluster(second[0])
    gate.said(first[0])
    gate.said(first[1])

    round_of(gate)

    operators = [case for case in gate.cases.cases.values() if case.reason == "SAME_OPERATOR"]
    assert len(operators) == cases
    if cases:
        assert operators[0].detail["clusters"] == sorted([gate.cluster(first[0]), gate.cluster(second[0])])
        assert operators[0].detail["bridges"] == 3
        assert operators[0].note.startswith("Two clusters that may be one operator's: cl_")
        assert "They share 3 identifiers of 2 kinds" in operators[0].note


def test_who_is_held_waits_for_a_person_in_the_queue_and_is_contained_from_there(gate: Any) -> None:
    ring = gate.ring(8)
    gate.said(ring[0])
    round_of(gate)
    held = [view for view in ring if gate.latest(view) is REVIEW]
    cases = [gate.read(lambda work, view=view: work.cases.of_record(view.id)) for view in held]
    assert len(held) >= 2
    assert [len(each) for each in cases] == [1] * len(held)
    told = [gate.read(lambda work, view=view: work.events.of_subject(view.id))[1] for view in held]
    assert [each.data["case_id"] for each in told] == [case.id for (case,) in cases]

    gate.clusters.contain.contain(gate.cluster(ring[0]), owner="campus", by="key:one", reason="ring", now=gate.now)
    gate.carry_out(gate.now)

    assert {gate.latest(view) for view in held} == {DENY}
    settled = [gate.read(lambda work, view=view: work.cases.of_record(view.id)) for view in held]
    assert {case.state for (case,) in settled} == {CaseState.RESOLVED}


def test_who_was_held_without_a_case_is_contained_too_unless_a_person_looks_at_it(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    orphan, looked_at = ring[0], ring[1]
    with gate.store.begin() as work:
        for view in (orphan, looked_at):
            recorded = work.ledger.get("campus", view.id)
            held = replace(recorded.assessments[-1], id=gate.new_id(gate.now), decision=REVIEW, decided_at=gate.now)
            work.ledger.append_assessment(recorded.signup_no, held, work.audit.entries(limit=1)[0])
        work.commit()
    review = gate.policy.document.review
    OpenCase(gate.store.begin, lambda: review, gate.new_id)(looked_at.id, acting=LEA, now=gate.now)

    gate.clusters.contain.contain(gate.cluster(orphan), owner="campus", by="key:one", reason="ring", now=gate.now)
    gate.carry_out(gate.now)

    assert (gate.latest(orphan), gate.latest(looked_at)) == (DENY, REVIEW)


def test_a_ban_reaches_who_came_while_it_was_being_recorded(gate: Any) -> None:
    banned = gate.came(device="d")
    said_at = gate.now
    gate.later(seconds=3)
    late = gate.came(device="d")
    statement = Statement(Label("fraud"), "reviewer", "seen", 1.0)
    gate.outcomes(banned.id, statement, caller=CALLER, now=said_at)

    round_of(gate)

    assert gate.latest(late) is REVIEW


def test_who_hangs_through_others_and_is_reached_by_a_ban_in_the_same_round_is_judged_for_it(gate: Any) -> None:
    ring = [gate.came(device="rd", card="rc") for _ in range(4)]
    between, far = gate.came(device="rd", card="m"), gate.came(device="f", card="m")
    further, other = gate.came(device="f2", card="m"), gate.came(device="f")
    for view in (between, further):
        gate.proven(view, passed=False)
    gate.said(ring[0])
    gate.clusters.contain.contain(gate.cluster(ring[0]), owner=None, by="lea", reason="ring", now=gate.now)
    gate.said(other, source="chargeback")
    gate.work()
    assert history(gate, far) == [ALLOW, STEP_UP]

    round_of(gate)

    assert gate.latest(far) is REVIEW


def test_old_bans_that_others_make_due_again_hold_up_no_new_one(gate: Any) -> None:
    for kind in "xy":
        for _ in range(12):
            gate.said(gate.came(device=kind))
    for _ in range(4):
        round_of(gate)
    kin, banned, other = gate.came(device="new"), gate.came(device="new"), gate.came()
    learnt = [Learnt(LearntKind.DEVICE_ID, kind) for kind in "xy"]
    gate.clusters.learn(other.id, learnt, caller=CALLER, now=gate.now)
    gate.said(banned)

    round_of(gate)

    assert gate.latest(kin) is REVIEW


def test_whom_a_proof_let_in_after_a_look_is_not_looked_at_when_somebody_else_learns_of_the_ban(gate: Any) -> None:
    who, banned = gate.came(device="d"), gate.came(device="d")
    gate.said(banned)
    round_of(gate)
    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", who.id)
        proven = replace(
            recorded.assessments[-1], id=gate.new_id(gate.now), decided_at=gate.now, decision=ALLOW, vector=None
        )
        entry = AuditEntry(gate.now, "test", "challenge.ended", who.id, {})
        work.ledger.append_assessment(recorded.signup_no, proven, entry)
        work.commit()
    gate.later(seconds=5)
    learnt = [Learnt(LearntKind.DEVICE_ID, "d")]
    gate.clusters.learn(gate.came().id, learnt, caller=CALLER, now=gate.now)

    round_of(gate)

    assert gate.latest(who) is ALLOW
