"""What every store promises of claims: each case goes to exactly one, the most urgent first."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from models.signup import AccountType
from service.domain.case import Case, CaseState
from service.usecases.ports_cases import CaseQuery
from tests.cases.conftest import LEASE, claim

Hold = Callable[..., Case]


def test_the_most_urgent_case_is_claimed_first_and_then_the_next(store: Any, hold: Hold, noon: datetime) -> None:
    mild, risky, old = (
        hold(store, score=0.3),
        hold(store, score=0.9),
        hold(store, score=0.3, at=noon - timedelta(days=1)),
    )

    claimed = [claim(store, "reviewer:dana", noon) for _ in range(4)]

    assert [None if each is None else each.id for each in claimed] == [old.id, risky.id, mild.id, None]
    first = claimed[0]
    assert first is not None
    assert (first.state, first.holder, first.lease_until) == (CaseState.CLAIMED, "reviewer:dana", noon + LEASE)
    with store.begin() as work:
        assert work.cases.get(None, old.id) == first
        assert [entry.action for entry in work.audit.entries(subject=old.id)] == ["case.claimed"]


def test_a_claim_steps_over_what_is_not_the_askers(store: Any, hold: Hold, noon: datetime) -> None:
    kept, put_off, judged = hold(store, score=0.9), hold(store, score=0.8), hold(store, score=0.7)
    elsewhere = hold(store, score=0.6, account_type=AccountType.RESEARCH, assessment=None)
    foreign = hold(store, score=0.5, owner="other")
    with store.begin() as work:
        work.cases.update(kept.assigned("reviewer:eli"))
        work.cases.update(put_off.snoozed(noon + timedelta(minutes=9), now=noon))
        work.cases.update(replace(judged, barred=("reviewer:danae", "reviewer:dana"), version=2))
        work.commit()

    assert claim(store, "reviewer:dana", noon, frozenset({"networks"}), "acme") is None
    taken = claim(store, "reviewer:dan", noon, frozenset({"networks"}), "acme")
    assert taken is not None
    assert taken.id == judged.id
    own = claim(store, "reviewer:eli", noon)
    assert own is not None
    assert own.id == kept.id
    others = {claim(store, "reviewer:dana", noon).id for _ in range(2)}  # type: ignore[union-attr]  # both are there
    assert others == {elsewhere.id, foreign.id}
    later = claim(store, "reviewer:dana", noon + timedelta(minutes=9))
    assert later is not None
    assert later.id == put_off.id


def test_a_case_whose_lease_has_ended_is_claimed_again(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    claim(store, "reviewer:dana", noon)

    assert claim(store, "reviewer:eli", noon + LEASE - timedelta(seconds=1)) is None
    again = claim(store, "reviewer:eli", noon + LEASE)
    assert again is not None
    assert (again.id, again.holder) == (case.id, "reviewer:eli")


def test_fifty_who_claim_at_once_get_fifty_different_cases(store: Any, hold: Hold, noon: datetime) -> None:
    cases = {hold(store, score=0.3 + number / 100).id for number in range(60)}
    gate = threading.Barrier(50)

    def one(number: int) -> str | None:
        gate.wait()
        taken = claim(store, f"reviewer:r{number}", noon)
        return None if taken is None else taken.id

    with ThreadPoolExecutor(50) as pool:
        got = list(pool.map(one, range(50)))

    assert None not in got
    assert len(set(got)) == 50
    assert set(got) <= cases
    with store.begin() as work:
        holders = Counter(each.case.holder for each in work.cases.find(CaseQuery(now=noon, limit=100)))
    assert holders.pop(None) == 10
    assert set(holders.values()) == {1}


def test_of_fifty_who_want_the_one_case_exactly_one_gets_it(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    gate = threading.Barrier(50)

    def one(number: int) -> Case | None:
        gate.wait()
        return claim(store, f"reviewer:r{number}", noon)

    with ThreadPoolExecutor(50) as pool:
        got = [each for each in pool.map(one, range(50)) if each is not None]

    assert [each.id for each in got] == [case.id]
    with store.begin() as work:
        assert len(work.audit.entries(subject=case.id)) == 1
