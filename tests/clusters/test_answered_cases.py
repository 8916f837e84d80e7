"""A verdict in a piece's case decides on the account shown, and answers what that account's own cases ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.domain.case import PIECE, Case, CaseKind, CaseState
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.ports import AuditEntry
from service.usecases.ports_gathering import Placed
from tests.clusters.releasing import contained, released
from tests.clusters.test_settled_cases import DANA, ELI, LEA, case_of, held_ring

OPEN, CLAIMED, RESOLVED = CaseState
ALLOW, STEP_UP, REVIEW, DENY = Decision


@pytest.fixture
def shown(gate: Any, desk: CaseUseCases) -> Any:
    """Somebody in review whom a chargeback called a fraud meanwhile: the case of the piece shows that account."""
    del desk  # whose worker opens cases
    _, (view,) = held_ring(gate, 1)
    gate.said(view, source="chargeback")
    gate.later(seconds=1)
    gate.judge_clusters(gate.now)
    assert (piece_of(gate, view).state, case_of(gate, view).state, gate.latest(view)) == (OPEN, OPEN, REVIEW)
    return view


def piece_of(gate: Any, view: Any) -> Case:
    cases = gate.read(lambda work: work.cases.of_record(view.id))
    found: Case = next(each for each in cases if each.subject.startswith(PIECE))
    return found


def judged(gate: Any, desk: CaseUseCases, case: Case, verdict: Verdict, code: str) -> None:
    gate.later(seconds=1)
    desk.handle.claim(case.id, acting=DANA, now=gate.now)
    desk.verdict(case.id, verdict, code, acting=DANA, now=gate.now)


@pytest.mark.parametrize(
    ("verdict", "code", "decision"),
    [(Verdict.REJECT, "LINKED_TO_FRAUD", DENY), (Verdict.APPROVE, "FALSE_ALARM", ALLOW)],
)
def test_the_account_s_own_case_is_answered_with_it(
    gate: Any, desk: CaseUseCases, shown: Any, verdict: Verdict, code: str, decision: Decision
) -> None:
    own = desk.handle.claim(case_of(gate, shown).id, acting=ELI, now=gate.now)
    piece = piece_of(gate, shown)

    judged(gate, desk, piece, verdict, code)

    closed = case_of(gate, shown)
    assert gate.latest(shown) is decision
    assert (closed.id, closed.state, closed.verdict, closed.reason_code) == (own.id, RESOLVED, verdict, code)
    assert (closed.answered_in, closed.judged_by_nobody, closed.holder) == (piece.id, True, None)
    (entry,) = gate.read(lambda work: work.audit.entries(subject=own.id, action="case.settled_by_verdict"))
    assert (entry.actor, entry.detail["case"]) == (DANA.name, piece.id)
    assert gate.read(lambda work: work.cases.opinions(own.id)) == ()
    with pytest.raises(ConflictError, match="answered by a verdict in another"):
        desk.verdict(own.id, Verdict.APPROVE, "FALSE_ALARM", acting=ELI, now=gate.now)


def test_it_is_open_again_as_it_was_when_the_verdict_is_taken_back(gate: Any, desk: CaseUseCases, shown: Any) -> None:
    own = desk.handle.assign(case_of(gate, shown).id, ELI.name, acting=LEA, now=gate.now)
    piece = piece_of(gate, shown)
    judged(gate, desk, piece, Verdict.REJECT, "LINKED_TO_FRAUD")
    assert case_of(gate, shown).state is RESOLVED

    desk.take_back.undo(piece.id, acting=DANA, now=gate.now)

    again = case_of(gate, shown)
    assert gate.latest(shown) is REVIEW
    assert replace(again, version=0, behind=None, cluster=None) == replace(own, version=0, behind=None, cluster=None)


def test_what_was_decided_since_the_verdict_leaves_it_answered(gate: Any, desk: CaseUseCases, shown: Any) -> None:
    piece = piece_of(gate, shown)
    judged(gate, desk, piece, Verdict.APPROVE, "FALSE_ALARM")
    gate.later(seconds=1)
    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", shown.id)
        last = recorded.assessments[-1]
        since = replace(last, id=gate.new_id(gate.now), decided_at=gate.now, decision=DENY, reasons=())
        entry = AuditEntry(gate.now, "worker", "signup.reassessed", shown.id, {})
        work.ledger.append_assessment(recorded.signup_no, since, entry, [], after=last.id)
        work.commit()

    desk.take_back.undo(piece.id, acting=DANA, now=gate.now)

    assert (gate.latest(shown), case_of(gate, shown).state) == (DENY, RESOLVED)


def test_an_appeal_and_what_needs_another_s_opinion_stay_open(gate: Any, desk: CaseUseCases, shown: Any) -> None:
    own = case_of(gate, shown)
    with gate.store.begin() as work:
        work.cases.update(replace(own, barred=(DANA.name,), version=own.version + 1))
        appeal = replace(own, id=gate.new_id(gate.now), subject=f"appeal:{shown.id}", kind=CaseKind.APPEAL)
        work.cases.add(appeal, AuditEntry(gate.now, "person", "case.opened", appeal.id, {}))
        work.commit()

    judged(gate, desk, piece_of(gate, shown), Verdict.REJECT, "LINKED_TO_FRAUD")

    cases = gate.read(lambda work: work.cases.unresolved_about([shown.id]))
    assert {each.id for each in cases} == {own.id, appeal.id}


def test_of_a_selection_the_account_s_own_case_is_left_out_with_the_reason(
    gate: Any, desk: CaseUseCases, shown: Any
) -> None:
    piece, own = piece_of(gate, shown), case_of(gate, shown)

    done = desk.bulk.give([piece.id, own.id], Verdict.REJECT, "LINKED_TO_FRAUD", acting=DANA, now=gate.now)

    assert done.done == (piece.id,)
    assert [(case, "answered by a verdict" in why) for case, why in done.left_out] == [(own.id, True)]


@pytest.mark.parametrize("changes", [{"opinions_wanted": 2}, {"queue": "escalated"}])
def test_a_case_for_two_or_for_whom_it_was_escalated_to_stays_open(
    gate: Any, desk: CaseUseCases, shown: Any, changes: dict[str, Any]
) -> None:
    own = case_of(gate, shown)
    with gate.store.begin() as work:
        work.cases.update(replace(own, version=own.version + 1, **changes))
        work.commit()

    judged(gate, desk, piece_of(gate, shown), Verdict.REJECT, "LINKED_TO_FRAUD")

    assert case_of(gate, shown).state is OPEN


def test_it_is_open_again_though_its_cluster_was_contained_before_the_verdict_was_taken_back(
    gate: Any, desk: CaseUseCases, shown: Any
) -> None:
    piece = piece_of(gate, shown)
    judged(gate, desk, piece, Verdict.APPROVE, "FALSE_ALARM")
    gate.said(shown, "unknown")
    contained(gate, shown, whole=True)
    assert gate.latest(shown) is DENY

    desk.take_back.undo(piece.id, acting=DANA, now=gate.now)
    released(gate, shown)

    assert (gate.latest(shown), case_of(gate, shown).state) == (ALLOW, OPEN)


def test_what_is_open_again_is_gathered_anew(gate: Any, desk: CaseUseCases, shown: Any) -> None:
    own = case_of(gate, shown)
    with gate.store.begin() as work:
        work.gathering.place([Placed(own, 7, "another")], recounted=())
        work.commit()
    piece = piece_of(gate, shown)
    judged(gate, desk, piece, Verdict.REJECT, "LINKED_TO_FRAUD")

    desk.take_back.undo(piece.id, acting=DANA, now=gate.now)

    again = case_of(gate, shown)
    assert (again.state, again.cluster, again.behind) == (OPEN, None, None)


def test_a_second_verdict_in_the_piece_s_case_answers_it_anew(gate: Any, desk: CaseUseCases, shown: Any) -> None:
    piece, own = piece_of(gate, shown), case_of(gate, shown)
    judged(gate, desk, piece, Verdict.REJECT, "LINKED_TO_FRAUD")
    gate.later(hours=1)
    desk.take_back.reopen(piece.id, acting=LEA, now=gate.now)

    judged(gate, desk, piece, Verdict.APPROVE, "FALSE_ALARM")

    closed = case_of(gate, shown)
    assert (gate.latest(shown), closed.id, closed.state) == (ALLOW, own.id, RESOLVED)
    assert (closed.verdict, closed.reason_code, closed.answered_in) == (Verdict.APPROVE, "FALSE_ALARM", piece.id)
    assert closed.resolved_at == gate.now
    entries = gate.read(lambda work: work.audit.entries(subject=own.id, action="case.settled_by_verdict"))
    assert [entry.detail["verdict"] for entry in entries] == ["approve", "reject"]

    desk.take_back.undo(piece.id, acting=DANA, now=gate.now)

    assert (gate.latest(shown), case_of(gate, shown).state) == (DENY, OPEN)


def test_what_was_judged_by_itself_keeps_its_own_verdict(gate: Any, desk: CaseUseCases, shown: Any) -> None:
    piece, own = piece_of(gate, shown), case_of(gate, shown)
    judged(gate, desk, own, Verdict.APPROVE, "FALSE_ALARM")

    judged(gate, desk, piece, Verdict.REJECT, "LINKED_TO_FRAUD")

    assert (gate.latest(shown), case_of(gate, shown).verdict) == (DENY, Verdict.APPROVE)


def test_of_two_verdicts_that_are_alike_only_the_one_that_stands_is_undone(
    gate: Any, desk: CaseUseCases, shown: Any
) -> None:
    piece, own = piece_of(gate, shown), case_of(gate, shown)
    judged(gate, desk, own, Verdict.APPROVE, "FALSE_ALARM")
    contained(gate, shown, whole=True)
    assert gate.latest(shown) is DENY
    appeal = desk.appeal(shown.id, "It is I.", owner=None, by="person", now=gate.now)
    with gate.store.begin() as work:
        work.cases.update(replace(appeal, opinions_wanted=1, barred=(), version=appeal.version + 1))
        work.commit()
    judged(gate, desk, appeal, Verdict.APPROVE, "FALSE_ALARM")
    assert (gate.latest(shown), piece.state) == (ALLOW, OPEN)

    desk.take_back.undo(own.id, acting=DANA, now=gate.now)

    assert gate.latest(shown) is ALLOW

    desk.take_back.undo(appeal.id, acting=DANA, now=gate.now)

    assert gate.latest(shown) is DENY


def test_verdicts_that_are_taken_back_the_newest_first_leave_what_was_before_them(
    gate: Any, desk: CaseUseCases, shown: Any
) -> None:
    piece, own = piece_of(gate, shown), case_of(gate, shown)
    judged(gate, desk, own, Verdict.APPROVE, "FALSE_ALARM")
    judged(gate, desk, piece, Verdict.REJECT, "LINKED_TO_FRAUD")

    for each in (piece, own):
        desk.take_back.undo(each.id, acting=DANA, now=gate.now)

    assert gate.latest(shown) is REVIEW
