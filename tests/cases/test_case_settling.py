"""What every store promises of cases that a containment settles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from service.domain.case import Case, CaseState
from service.domain.errors import ConflictError
from service.domain.verdict import Verdict
from tests.cases.conftest import LEASE, claim

Hold = Callable[..., Case]


def settle(store: Any, *cases: Case) -> None:
    with store.begin() as work:
        work.cases.settle(cases)
        work.commit()


def test_what_a_containment_settles_is_settled_whoever_claims_it_meanwhile(
    store: Any, hold: Hold, noon: datetime
) -> None:
    first, second, other = hold(store), hold(store), hold(store)
    settling = [each.settled("c-1", now=noon) for each in (first, second)]
    claim(store, "reviewer:dana", noon)
    settle(store, *settling)

    with store.begin() as work:
        about = [first.record_id, second.record_id, other.record_id]
        found = work.cases.settled_about(about, "c-1")
        assert [each.id for each in found] == [first.id, second.id]
        assert {(each.state, each.holder, each.reason_code, each.resolved_at) for each in found} == {
            (CaseState.RESOLVED, None, "CONTAINED", noon)
        }
        assert work.cases.unresolved_about(about) == (work.cases.get(None, other.id),)
        assert work.cases.settled_about(about, "c-2") == ()
        assert work.cases.settled_about([], "c-1") == work.cases.unresolved_about([]) == ()


def test_a_verdict_that_came_first_refuses_the_whole_batch(store: Any, hold: Hold, noon: datetime) -> None:
    first, second = hold(store), hold(store)
    with store.begin() as work:
        work.cases.update(second.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=noon))
        work.commit()

    with pytest.raises(ConflictError):
        settle(store, *(each.settled("c-1", now=noon) for each in (first, second)))

    with store.begin() as work:
        assert work.cases.get(None, first.id) == first


def test_what_is_opened_again_is_as_it_was_unless_something_newer_waits(store: Any, hold: Hold, noon: datetime) -> None:
    first, second = hold(store), hold(store, subject="cluster:c1")
    settled = [each.settled("c-1", now=noon) for each in (first, second)]
    settle(store, *settled)
    newer = hold(store, subject="cluster:c1", record_id=second.record_id)
    with store.begin() as work:
        found = work.cases.settled_about([first.record_id, second.record_id], "c-1")
        work.cases.unsettle([each.unsettled() for each in found])
        work.commit()

    with store.begin() as work:
        again = work.cases.get(None, first.id)
        assert again == replace(first, version=again.version)
        assert work.cases.of_subject("acme", "cluster:c1") == newer
        work.cases.unsettle([each.unsettled() for each in settled])
        with pytest.raises(ConflictError):
            work.commit()


def test_a_settled_case_is_a_lead_s_to_reopen_and_no_opinion_is_lost(noon: datetime, hold: Hold, store: Any) -> None:
    case = replace(hold(store), opinions_wanted=2, opinions_given=1)
    settled = case.settled("c-1", now=noon)

    reopened = settled.reopened(now=noon, due_after=LEASE)

    assert (settled.opinions_given, reopened.opinions_given) == (1, 1)
    with pytest.raises(ConflictError, match="not settled"):
        reopened.unsettled()
