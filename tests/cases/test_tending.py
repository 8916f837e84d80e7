"""The worker's jobs on cases: leases that ended, cases that wait too long; neither decides anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from service.domain.case import Case, CaseState
from service.domain.case_rank import priority_of
from service.domain.reviewer import Acting
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.tend_cases import AGAIN_AFTER, TendCases

Hold = Callable[..., Case]


def actions(store: Any, case: Case) -> list[str]:
    with store.begin() as work:
        return [entry.action for entry in work.audit.entries(subject=case.id)]


def test_a_case_goes_back_when_its_lease_has_ended_and_not_before(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    case, tend = hold(store), TendCases(store.begin)
    desk.handle.claim(case.id, acting=dana, now=noon)

    assert tend.give_back(noon + timedelta(minutes=29)) == 0
    assert tend.give_back(noon + timedelta(minutes=30)) == 1
    assert tend.give_back(noon + timedelta(minutes=30)) == 0

    with store.begin() as work:
        assert work.cases.get(None, case.id).state is CaseState.OPEN
    assert actions(store, case) == ["case.lease_ended", "case.claimed"]


def test_a_case_that_waits_too_long_gets_louder_and_is_never_decided(
    store: Any, hold: Hold, desk: CaseUseCases, lea: Acting, noon: datetime
) -> None:
    case, tend = hold(store), TendCases(store.begin)
    desk.handle.assign(case.id, "reviewer:away", acting=lea, now=noon)
    due = case.due_at

    assert tend.make_louder(due - timedelta(seconds=1)) == 0
    assert tend.make_louder(due) == 1
    assert tend.make_louder(due + AGAIN_AFTER - timedelta(seconds=1)) == 0
    assert tend.make_louder(due + AGAIN_AFTER) == 1

    with store.begin() as work:
        louder = work.cases.get(None, case.id)
        recorded = work.ledger.get(None, case.record_id)
    assert (louder.loudness, louder.state, louder.reserved_for) == (2, CaseState.OPEN, None)
    assert priority_of(louder.rank, due) > 3.9 * priority_of(case.rank, due)
    assert len(recorded.assessments) == 1
    assert actions(store, case) == ["case.overdue", "case.overdue", "case.assigned"]
