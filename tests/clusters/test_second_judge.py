"""A second judge: of an account that the banned look like, somebody else than before, once, and told why."""

from __future__ import annotations

from typing import Any

import pytest

from service.connections import CasesOfWorker
from service.domain.case import Case, CaseState
from service.domain.decision import Decision
from service.domain.errors import ForbiddenError
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.open_case import vouched_subject
from service.usecases.workers_cases import WorkersCase

DANA, ELI = Acting("reviewer:dana", Role.REVIEWER), Acting("reviewer:eli", Role.REVIEWER)
NOTE = "Let in by a verdict before these bans were known."


def held(gate: Any) -> Any:
    """An account on a banned one's identifiers, which waits for a person."""
    gate.ring(8, frauds=1)
    return gate.came(device="r-d3", card="r-c3")


def cases_of(gate: Any, view: Any) -> list[Case]:
    """Every case about it, newest first."""
    return list(gate.read(lambda work: work.cases.of_record(view.id)))


def judge_again(gate: Any, view: Any) -> None:
    subject = vouched_subject(view.id)
    case = WorkersCase(subject, "campus", "LIKE_BANNED_ACCOUNTS", view.id, 1, {}, note=NOTE, again=True)
    gate.later(seconds=1)
    with gate.store.begin() as work:
        CasesOfWorker(lambda: gate.policy, gate.new_id, lambda: gate.now).open(work, case)
        work.commit()


def conclude(gate: Any, desk: CaseUseCases, case: Case, verdict: Verdict, reason: str, by: Acting) -> None:
    gate.later(seconds=1)
    desk.handle.claim(case.id, acting=by, now=gate.now)
    desk.verdict(case.id, verdict, reason, acting=by, now=gate.now)


def test_it_is_somebody_else_who_reads_why(gate: Any, desk: CaseUseCases) -> None:
    view = held(gate)
    conclude(gate, desk, cases_of(gate, view)[0], Verdict.APPROVE, "FALSE_ALARM", DANA)

    judge_again(gate, view)

    second = cases_of(gate, view)[0]
    assert (second.subject, second.state, second.barred) == (vouched_subject(view.id), CaseState.OPEN, (DANA.name,))
    (note,) = gate.read(lambda work: work.cases.notes(second.id))
    assert (note.by, note.text) == ("worker", NOTE)
    with pytest.raises(ForbiddenError):
        desk.handle.claim(second.id, acting=DANA, now=gate.now)
    conclude(gate, desk, second, Verdict.REJECT, "LINKED_TO_FRAUD", ELI)
    assert gate.latest(view) is Decision.DENY


def test_once_judged_again_he_is_left_alone(gate: Any, desk: CaseUseCases) -> None:
    view = held(gate)
    conclude(gate, desk, cases_of(gate, view)[0], Verdict.APPROVE, "FALSE_ALARM", DANA)
    judge_again(gate, view)
    conclude(gate, desk, cases_of(gate, view)[0], Verdict.APPROVE, "FALSE_ALARM", ELI)

    judge_again(gate, view)

    assert [each.state for each in cases_of(gate, view)] == [CaseState.RESOLVED] * 2
    assert gate.latest(view) is Decision.ALLOW


def test_what_waits_for_a_person_already_is_no_second_case(gate: Any, desk: CaseUseCases) -> None:
    del desk
    view = held(gate)

    judge_again(gate, view)

    assert len(cases_of(gate, view)) == 1


def test_a_containment_closes_it(gate: Any, desk: CaseUseCases) -> None:
    ring = gate.ring(8, frauds=1)
    view = ring[-1]
    judge_again(gate, view)
    assert [each.state for each in cases_of(gate, view)] == [CaseState.OPEN]
    gate.later(seconds=1)
    gate.clusters.contain.contain(gate.cluster(view), owner="campus", by=ELI.name, reason="ring", now=gate.now)
    gate.later(seconds=1)
    gate.carry_out(gate.now)

    (case,) = cases_of(gate, view)
    assert (case.state, case.reason_code, gate.latest(view)) == (CaseState.RESOLVED, "CONTAINED", Decision.DENY)
    del desk
