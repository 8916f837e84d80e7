"""A containment closes the cases of the accounts that it holds, and its release opens exactly those again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from service.domain.case import Case, CaseState
from service.domain.containment import Containment, ContainmentState, Touched
from service.domain.containment import Role as Part
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.ports import AuditEntry
from service.usecases.ports_cases import CaseQuery

DANA, ELI = Acting("reviewer:dana", Role.REVIEWER), Acting("reviewer:eli", Role.REVIEWER)
LEA = Acting("reviewer:lea", Role.LEAD)
OPEN, CLAIMED, RESOLVED = CaseState


def held_ring(gate: Any, waiting: int) -> tuple[list[Any], list[Any]]:
    """A ring with a ban in it, and accounts on the banned one's identifiers, which wait for a person."""
    ring = gate.ring(8, frauds=1)
    waits = [gate.came(device="r-d3", card="r-c3") for _ in range(waiting)]
    assert gate.decisions(waits) == ["review"] * waiting
    return ring, waits


def case_of(gate: Any, view: Any) -> Case:
    found: Case = gate.read(lambda work: work.cases.of_record(view.id))[-1]
    return found


def states(gate: Any) -> dict[str, CaseState]:
    """Every case by its subject; the newest of several."""
    query = CaseQuery(now=gate.now, states=tuple(CaseState), limit=500)
    return {each.case.subject: each.case.state for each in gate.read(lambda work: work.cases.find(query))}


def waiting_in_queues(gate: Any, desk: CaseUseCases) -> int:
    return sum(each.waiting + each.claimed for each in desk.read.counts(acting=LEA, now=gate.now))


def contain(gate: Any, view: Any, **changes: Any) -> Any:
    gate.later(seconds=1)
    done = gate.clusters.contain.contain(
        gate.cluster(view), owner="campus", by="reviewer:lea", reason="ring", now=gate.now, **changes
    )
    gate.later(seconds=1)
    gate.carry_out(gate.now)
    return done


def release(gate: Any, view: Any) -> None:
    gate.later(seconds=1)
    gate.clusters.contain.release(gate.cluster(view), owner="campus", by="reviewer:lea", reason="mistake", now=gate.now)
    gate.later(seconds=1)
    gate.carry_out(gate.now)


def test_what_waited_is_closed_by_the_containment_and_said_so(gate: Any, desk: CaseUseCases) -> None:
    ring, waits = held_ring(gate, 3)
    gate.judge_clusters(gate.now)
    claimed = desk.handle.claim(case_of(gate, waits[0]).id, acting=DANA, now=gate.now)
    before = waiting_in_queues(gate, desk)

    containment = contain(gate, ring[0])

    assert before == 4  # three accounts and the piece
    assert gate.decisions([*ring, *waits]) == ["deny"] * 11
    assert set(states(gate).values()) == {RESOLVED}
    assert waiting_in_queues(gate, desk) == 0
    settled = case_of(gate, waits[0])
    assert (settled.verdict, settled.reason_code) == (Verdict.REJECT, "CONTAINED")
    assert (settled.settled_by, settled.holder, settled.resolved_at) == (containment.id, None, gate.now)
    entry = gate.read(lambda work: work.audit.entries(subject=claimed.id, action="case.settled"))[0]
    assert (entry.actor, entry.detail["containment"]) == ("worker", containment.id)
    assert gate.read(lambda work: work.cases.opinions(claimed.id)) == ()
    assert desk.handle.claim_next(acting=ELI, now=gate.now) is None


def test_a_reviewer_who_held_one_is_told_why_the_lease_is_lost(gate: Any, desk: CaseUseCases) -> None:
    ring, waits = held_ring(gate, 1)
    case = desk.handle.claim(case_of(gate, waits[0]).id, acting=DANA, now=gate.now)
    contain(gate, ring[0])

    for refused in (
        lambda: desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=DANA, now=gate.now),
        lambda: desk.handle.extend(case.id, acting=DANA, now=gate.now),
        lambda: desk.handle.claim(case.id, acting=ELI, now=gate.now),
    ):
        with pytest.raises(ConflictError, match="its cluster is contained"):
            refused()

    assert gate.latest(waits[0]) is Decision.DENY


def test_a_release_opens_exactly_those_again_as_they_were(gate: Any, desk: CaseUseCases) -> None:
    ring, waits = held_ring(gate, 4)
    gate.judge_clusters(gate.now)
    judged = desk.handle.claim(case_of(gate, waits[0]).id, acting=DANA, now=gate.now)
    desk.verdict(judged.id, Verdict.REJECT, "AUTOMATED", acting=DANA, now=gate.now)
    kept = desk.handle.assign(case_of(gate, waits[1]).id, ELI.name, acting=LEA, now=gate.now)
    desk.handle.claim(case_of(gate, waits[2]).id, acting=DANA, now=gate.now)
    before = states(gate)
    contain(gate, ring[0])
    taken_up = desk.take_back.reopen(case_of(gate, waits[3]).id, acting=LEA, now=gate.now)

    release(gate, ring[0])

    subject = case_of(gate, waits[2]).subject
    assert states(gate) == {**before, subject: OPEN}  # claimed before: whoever had it has gone on
    assert gate.decisions(waits) == ["deny", "review", "review", "review"]
    again = case_of(gate, waits[1])
    assert (again.reserved_for, again.due_at, again.rank, again.opened_at) == (
        kept.reserved_for,
        kept.due_at,
        kept.rank,
        kept.opened_at,
    )
    assert (again.verdict, again.resolved_by) == (None, None)
    assert case_of(gate, waits[0]).resolved_by == DANA.name
    assert case_of(gate, waits[3]).version == taken_up.version
    actions = [each.action for each in gate.read(lambda work: work.audit.entries(subject=again.id))]
    assert actions[:2] == ["case.unsettled", "case.settled"]
    assert waiting_in_queues(gate, desk) == 4


def test_a_case_is_open_again_where_an_older_release_owes_the_same_account_a_look(
    gate: Any, desk: CaseUseCases
) -> None:
    ring = gate.ring(8, frauds=1)
    denied(gate, ring[7])
    gate.judge_clusters(gate.now)
    piece = case_of(gate, ring[7]).subject
    asked(gate, ring[7])
    contain(gate, ring[0], whole=True)
    assert states(gate)[piece] is RESOLVED

    release(gate, ring[0])

    assert states(gate)[piece] is OPEN
    assert gate.read(lambda work: work.containments.tasks(limit=1)) == ()


def denied(gate: Any, view: Any) -> None:
    """An account that is denied already, for whatever reason."""
    recorded = gate.read(lambda work: work.ledger.get("campus", view.id))
    made = replace(recorded.assessments[-1], id=gate.new_id(gate.now), decided_at=gate.now, decision=Decision.DENY)
    with gate.store.begin() as work:
        work.ledger.append_assessment(recorded.signup_no, made, AuditEntry(gate.now, "test", "denied", view.id, {}))
        work.commit()


def asked(gate: Any, view: Any) -> None:
    """An account that hangs on a containment, and nobody else."""
    number = gate.number(view)
    with gate.store.begin() as work:
        cluster = work.clusters.cluster_of(number)
        hung = Containment(
            work.containments.next_number(), gate.new_id(gate.now), cluster, ContainmentState.STANDING,
            core=0, leaves=1, opened_at=gate.now, opened_by="worker", reason="CONFIRMED_FRAUD",
        )  # fmt: skip
        work.containments.open(hung, [Touched(number, Part.LEAF)])
        work.commit()


def test_appeals_and_what_a_person_opened_stay(gate: Any, desk: CaseUseCases) -> None:
    ring, waits = held_ring(gate, 1)
    by_hand = desk.open(ring[1].id, acting=DANA, now=gate.now)
    banned = ring[-1]
    gate.said(banned)
    denied = desk.handle.claim(case_of(gate, waits[0]).id, acting=DANA, now=gate.now)
    desk.verdict(denied.id, Verdict.REJECT, "AUTOMATED", acting=DANA, now=gate.now)
    appeal = desk.appeal(waits[0].id, "I am a student.", owner="campus", by="person", now=gate.now)

    contain(gate, ring[0])

    assert gate.latest(ring[1]) is Decision.DENY
    for case in (by_hand, appeal):
        assert gate.read(lambda work, case=case: work.cases.get(None, case.id)) == case


def test_what_hangs_on_by_one_edge_or_is_elsewhere_stays_in_the_queue(gate: Any, desk: CaseUseCases) -> None:
    ring, _ = held_ring(gate, 0)
    leaf = gate.came(card="r-c0")
    gate.ring(4, frauds=1, name="other")
    elsewhere = gate.came(device="other-d1", card="other-c1")
    assert gate.decisions([leaf, elsewhere]) == ["review", "review"]

    contain(gate, ring[0])

    assert gate.decisions([leaf, elsewhere]) == ["review", "review"]
    assert [case_of(gate, each).state for each in (leaf, elsewhere)] == [OPEN, OPEN]
    assert waiting_in_queues(gate, desk) == 2


def test_a_request_that_waits_or_is_declined_closes_nothing(gate: Any, desk: CaseUseCases) -> None:
    ring, waits = held_ring(gate, 1)
    contained = gate.clusters.contain
    asked = contained.start(gate.cluster(ring[0]), owner="campus", by=DANA.name, reason="ring", now=gate.now, ask=True)
    gate.carry_out(gate.now)
    waits_still = case_of(gate, waits[0]).state
    contained.confirm(gate.cluster(ring[0]), asked.id, owner="campus", by=LEA.name, now=gate.now)
    gate.carry_out(gate.now)

    assert waits_still is OPEN
    assert case_of(gate, waits[0]).state is RESOLVED
    assert waiting_in_queues(gate, desk) == 0


def test_where_the_policy_denies_nobody_for_it_a_person_still_judges(with_policy: Callable[..., Any]) -> None:
    gate = with_policy(
        ('at_least = "deny"\nreason = "CONTAINED_CLUSTER"', 'at_least = "review"\nreason = "CONTAINED_CLUSTER"')
    )
    ring, waits = held_ring(gate, 1)

    contain(gate, ring[0])

    assert gate.latest(waits[0]) is Decision.REVIEW
    assert case_of(gate, waits[0]).state is OPEN


def test_a_verdict_of_the_same_moment_wins_and_the_rest_follows(
    gate: Any, desk: CaseUseCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, waits = held_ring(gate, 2)
    case = desk.handle.claim(case_of(gate, waits[0]).id, acting=DANA, now=gate.now)
    several, raced = type(gate.read(lambda work: work.ledger)).several, []

    def and_then_a_verdict(ledger: Any, numbers: Any) -> Any:
        found = several(ledger, numbers)
        if not raced and len(numbers) > 2:
            raced.append(desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=DANA, now=gate.now))
        return found

    monkeypatch.setattr(type(gate.read(lambda work: work.ledger)), "several", and_then_a_verdict)
    gate.clusters.contain.contain(gate.cluster(ring[0]), owner="campus", by="lea", reason="ring", now=gate.now)
    gate.later(seconds=1)
    raced.clear()
    gate.carry_out(gate.now)
    gate.carry_out(gate.now)

    assert raced
    assert case_of(gate, waits[0]).resolved_by == DANA.name
    assert case_of(gate, waits[1]).settled_by is not None


def test_a_batch_asks_and_writes_once_however_many_wait(sql_gate: Any) -> None:
    gate, about_cases = sql_gate, []
    ring, waits = held_ring(gate, 6)
    said = {"owner": "campus", "by": "reviewer:lea", "reason": "ring"}

    def note(*seen: Any) -> None:
        if " cases" in seen[2]:
            about_cases.append(seen[2])

    gate.clusters.contain.contain(gate.cluster(ring[0]), now=gate.now, **said)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        gate.carry_out(gate.now)
        settled = len(about_cases)
        gate.clusters.contain.release(gate.cluster(ring[0]), now=gate.now, **said)
        released = len(about_cases)
        gate.carry_out(gate.now)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert (settled, len(about_cases) - released) == (3, 3)  # look, lock, write
    assert released - settled == 1  # whether a case asks for the release
    assert [case_of(gate, each).version for each in waits] == [3] * 6


def test_a_settled_case_counts_for_nobody_s_waiting_time(gate: Any, desk: CaseUseCases) -> None:
    ring, waits = held_ring(gate, 2)
    case = desk.handle.claim(case_of(gate, waits[0]).id, acting=DANA, now=gate.now)
    since = gate.now
    desk.verdict(case.id, Verdict.REJECT, "AUTOMATED", acting=DANA, now=gate.now)

    contain(gate, ring[0])

    waited = gate.read(lambda work: work.cases.waited(since=since))
    assert sum(len(each) for each in waited.values()) == 1
