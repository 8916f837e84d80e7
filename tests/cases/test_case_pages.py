"""What every store promises of lists of cases: filters that hold in any order, page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.signup import AccountType
from service.domain.case import Case, CaseKind, CaseState
from service.domain.verdict import Verdict
from service.usecases.ports_cases import CaseOrder, CaseQuery
from tests.cases.conftest import LEASE

Hold = Callable[..., Case]


@pytest.mark.parametrize("order", list(CaseOrder))
def test_pages_hold_every_case_once_in_order(store: Any, hold: Hold, noon: datetime, order: CaseOrder) -> None:
    for number in range(7):
        hold(store, score=0.2 + (number % 3) / 10, at=noon - timedelta(hours=number // 2), size=1 + number % 2)

    pages, after = [], None
    while True:
        page = list(_find(store, noon, order=order, after=after, limit=3))
        pages.extend(page)
        if len(page) < 3:
            break
        after = page[-1].cursor

    whole = _find(store, noon, order=order, limit=50)
    assert [each.case.id for each in pages] == [each.case.id for each in whole]
    assert len({each.case.id for each in pages}) == 7
    places = [each.cursor[0] for each in pages]
    assert places == sorted(places, reverse=True)


def test_filters_name_what_they_say(store: Any, hold: Hold, noon: datetime) -> None:
    plain = hold(store, score=0.5)
    large = hold(store, score=0.9, size=40)
    research = hold(store, score=0.3, account_type=AccountType.RESEARCH)
    late = hold(store, score=0.4, at=noon - timedelta(days=3))
    appeal = new_appeal = hold(store, score=0.2)
    with store.begin() as work:
        work.cases.update(research.claimed("reviewer:dana", now=noon, lease=LEASE))
        work.cases.update(late.assigned("reviewer:dana"))
        work.cases.update(new_appeal.snoozed(noon + LEASE, now=noon))
        work.commit()

    def ids(**wanted: Any) -> set[str]:
        return {each.case.id for each in _find(store, noon, **wanted)}

    assert ids() == {plain.id, large.id, research.id, late.id}
    assert ids(snoozed=True) == {appeal.id}
    assert ids(size_from=2) == {large.id}
    assert ids(account_type=AccountType.RESEARCH) == {research.id}
    assert ids(risk_from=0.4, risk_below=0.9) == {plain.id, late.id}
    assert ids(holder="reviewer:dana") == {research.id, late.id}
    assert ids(unclaimed=True) == {plain.id, large.id, late.id}
    assert ids(overdue=True) == {late.id}
    assert ids(reason_code="DEVICE_SHARED", size_from=2) == {large.id}
    assert ids(reason_code="DEVICE_SHAREX") == set()
    assert ids(reason_code="DEVICE%") == set()
    assert ids(states=(CaseState.CLAIMED,)) == {research.id}
    assert ids(states=(CaseState.RESOLVED,)) == set()
    assert ids(kind=CaseKind.APPEAL) == set()
    assert ids(queues=("nowhere",)) == set()
    assert ids(record_ids=(plain.record_id,)) == {plain.id}
    assert ids(owner="other") == set()


def test_the_queues_are_counted(store: Any, hold: Hold, noon: datetime) -> None:
    hold(store)
    hold(store, at=noon - timedelta(days=2))
    held = hold(store, account_type=AccountType.RESEARCH, assessment=None)
    with store.begin() as work:
        work.cases.update(held.claimed("reviewer:dana", now=noon, lease=LEASE))
        work.commit()

    with store.begin() as work:
        networks, research = work.cases.counts("acme", now=noon)
        later = work.cases.counts(None, now=noon + LEASE)[1]
        nobody = work.cases.counts("nobody", now=noon)

    assert (networks.queue, networks.waiting, networks.overdue, networks.claimed) == ("networks", 2, 1, 0)
    assert networks.oldest_at == noon - timedelta(days=2)
    assert (research.waiting, research.claimed) == (0, 1)
    assert (later.waiting, later.claimed) == (1, 0)
    assert nobody == ()


def _find(store: Any, now: datetime, **wanted: Any) -> Any:
    with store.begin() as work:
        return work.cases.find(CaseQuery(now=now, **wanted))


def test_resolved_cases_come_with_the_latest_verdict_first(store: Any, hold: Hold, noon: datetime) -> None:
    cases = [hold(store, score=place / 10) for place in range(4)]
    with store.begin() as work:
        for place, case in enumerate(cases):
            at = noon + timedelta(hours=(2, 0, 3, 1)[place])
            resolved = case.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=at)
            work.cases.update(resolved)
        work.commit()

    with store.begin() as work:
        first = work.cases.find(CaseQuery(now=noon, states=(CaseState.RESOLVED,), limit=2))
        rest = work.cases.find(CaseQuery(now=noon, states=(CaseState.RESOLVED,), after=first[-1].cursor))

    assert [each.case.id for each in (*first, *rest)] == [cases[place].id for place in (2, 0, 3, 1)]


@pytest.mark.parametrize("order", list(CaseOrder))
@pytest.mark.parametrize("few", [2, 1_000])
def test_filters_hold_page_by_page_in_every_order_for_few_and_for_many(
    store: Any, hold: Hold, noon: datetime, order: CaseOrder, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.sql.listed_cases.FEW", few)
    for number in range(9):
        at = noon - timedelta(hours=number // 2)
        hold(
            store, score=0.2 + (number % 3) / 10, at=at, size=1 + number % 2, account_type=list(AccountType)[number % 2]
        )

    whole = _find(store, noon, order=order, account_type=AccountType.EDUCATIONAL, risk_from=0.25)
    first = _find(store, noon, order=order, account_type=AccountType.EDUCATIONAL, risk_from=0.25, limit=2)
    rest = _find(store, noon, order=order, account_type=AccountType.EDUCATIONAL, risk_from=0.25, after=first[-1].cursor)

    assert [each.case.id for each in (*first, *rest)] == [each.case.id for each in whole]
    assert {(each.case.account_type, each.case.risk >= 0.25) for each in whole} == {(AccountType.EDUCATIONAL, True)}
    assert len(whole) == 3
    places = [each.cursor[0] for each in whole]
    assert places == sorted(places, reverse=True)
