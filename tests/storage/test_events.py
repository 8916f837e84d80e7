"""The outbox: events are written with what caused them, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from service.domain.event import Event, EventType
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AlreadyRecordedError, NewRecord

Store = MemoryStore | SqlStore


@pytest.fixture
def make_event(noon: datetime) -> Callable[..., Event]:
    def make(number: int, subject: str = "r1") -> Event:
        return Event(
            id=f"e{number}",
            type=EventType.SIGNUP_DECIDED,
            owner="acme",
            subject=subject,
            occurred_at=noon,
            due_at=noon + timedelta(seconds=number),
            data={"decision": "allow", "number": number},
        )

    return make


def test_events_of_a_record_are_read_as_they_were_written(
    store: Store, make_record: Callable[..., NewRecord], make_event: Callable[..., Event]
) -> None:
    events = (make_event(1), make_event(2), make_event(3, "another"))
    with store.begin() as work:
        work.ledger.append(make_record(events=events))
        work.commit()

    with store.begin() as work:
        assert work.events.of_subject("r1") == events[:2]


def test_a_record_that_is_refused_leaves_no_event(
    store: Store, make_record: Callable[..., NewRecord], make_event: Callable[..., Event]
) -> None:
    with store.begin() as work:
        work.ledger.append(make_record("su_1"))
        work.commit()
    with store.begin() as work:
        work.ledger.append(make_record("su_1", events=(make_event(1),)))
        with pytest.raises(AlreadyRecordedError):
            work.commit()

    with store.begin() as work:
        assert work.events.of_subject("r1") == ()


def test_what_is_staged_and_not_committed_is_told_to_nobody(store: Store, make_event: Callable[..., Event]) -> None:
    with store.begin() as work:
        work.events.add(make_event(1))
    with store.begin() as work:
        work.events.add(make_event(2))
        work.commit()

    with store.begin() as work:
        assert [event.id for event in work.events.of_subject("r1")] == ["e2"]
