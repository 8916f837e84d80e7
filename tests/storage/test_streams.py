"""What every store promises of reading all that was recorded, from the first to the last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from service.domain.decision import Assessment, Decision, Explored
from service.domain.errors import NotFoundError
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AuditEntry, NewRecord
from service.usecases.ports_recordings import FirstDecision

Store = MemoryStore | SqlStore
Make = Callable[..., NewRecord]
RecordAll = Callable[..., None]


def test_a_stream_is_in_the_order_of_recording_and_goes_on_after_a_number(
    store: Store, make_record: Make, record_all: RecordAll, noon: datetime
) -> None:
    # The third was recorded by a clock that was behind; the last two share an instant.
    for name, minutes in (("a", 1), ("b", 2), ("c", 0), ("d", 5), ("e", 5)):
        record_all(store, make_record(name, at=noon + timedelta(minutes=minutes)))

    with store.begin() as work:
        whole = list(work.ledger.stream())
        rest = list(work.ledger.stream(after_no=whole[1].signup_no))

    assert [each.signup.signup_id for each in whole] == ["c", "a", "b", "d", "e"]
    assert [each.signup.signup_id for each in rest] == ["b", "d", "e"]


def test_recordings_come_in_order_with_their_first_decision_over_several_pages(
    store: Store, make_record: Make, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    drawn = Explored(Decision.REVIEW, allowed=True, propensity=0.02)
    first = make_assessment(decision=Decision.ALLOW, vector=b"0123", explored=drawn)
    with store.begin() as work:
        work.ledger.append(make_record("su_0", at=noon, assessment=first))
        for number in range(1, 300):
            work.ledger.append(make_record(f"su_{number}", at=noon + timedelta(seconds=number // 7)))
        work.ledger.append(make_record("su_300", at=noon + timedelta(hours=1), assessment=None))
        work.commit()
    with store.begin() as work:
        number = next(iter(work.recordings.stream())).signup_no
        later = make_assessment(score=0.9, decided_at=noon + timedelta(days=1))
        work.ledger.append_assessment(number, later, AuditEntry(noon, "key:k", "again", "r", {}))
        work.commit()

    with store.begin() as work:
        found = list(work.recordings.stream())
        recorded = list(work.ledger.stream())

    assert [each.signup.signup_id for each in found] == [f"su_{number}" for number in range(301)]
    assert [(each.id, each.signup_no, each.recorded_at, each.signup) for each in found] == [
        (each.id, each.signup_no, each.recorded_at, each.signup) for each in recorded
    ]
    assert found[0].first == FirstDecision(Decision.ALLOW, first.score, b"0123", drawn)
    assert found[-1].first is None


def test_a_stream_longer_than_a_page_has_every_record_once(store: Store, make_record: Make, noon: datetime) -> None:
    with store.begin() as work:
        for number in range(450):
            work.ledger.append(make_record(f"su_{number}", at=noon + timedelta(seconds=number // 7)))
        work.commit()

    with store.begin() as work:
        assert [each.signup.signup_id for each in work.ledger.stream()] == [f"su_{number}" for number in range(450)]


def test_a_stream_after_a_number_that_is_not_there_is_refused(store: Store) -> None:
    with store.begin() as work, pytest.raises(NotFoundError):
        list(work.ledger.stream(after_no=17))
