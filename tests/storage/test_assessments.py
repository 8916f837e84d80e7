"""What every store promises of the assessments that join those of a recorded sign-up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from service.domain.decision import Assessment, Decision, Reason
from service.domain.errors import ConflictError
from service.domain.event import APART, Event, EventType
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AuditEntry, NewRecord
from service.usecases.ports_search import SearchQuery

Store = MemoryStore | SqlStore
Make = Callable[..., NewRecord]
RecordAll = Callable[..., None]


def test_another_assessment_joins_the_history_and_leaves_the_first(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    first = make_assessment()
    second = make_assessment(
        decided_at=noon + timedelta(hours=1), decision=Decision.DENY, score=None, model=None, vector=None
    )
    record = make_record(assessment=first)
    record_all(store, record)

    with store.begin() as work:
        found = work.ledger.get("acme", record.id)
        assert found is not None
        work.ledger.append_assessment(
            found.signup_no, second, AuditEntry(noon, "key:k1", "signup.reassessed", record.id, {})
        )
        work.commit()
        again = work.ledger.get("acme", record.id)

        assert again is not None
        assert again.assessments == (first, second)
        assert [entry.action for entry in work.audit.entries(subject=record.id)] == [
            "signup.reassessed",
            "signup.recorded",
        ]
        assert [each.decision for each in work.ledger.search("acme", SearchQuery())] == [Decision.DENY]


def test_assessments_of_many_sign_ups_are_written_together_as_they_are(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    records = [make_record() for _ in range(3)]
    record_all(store, *records)
    text = "quotes ' \" and \\ and %(rows)s, a line\n, a tab\t, Ågren 王 🙂"
    later = noon + timedelta(hours=1)
    made = [
        make_assessment(decided_at=later, vector=bytes(range(256)), reasons=(Reason("A", "rule", text, -0.1),)),
        make_assessment(decided_at=later, score=None, model=None, vector=None, degraded=True, degraded_reason=text),
        make_assessment(decided_at=later, score=0.1 + 0.2, signals={"email": {"free": None, "pattern": text}}),
    ]

    with store.begin() as work:
        for record, assessment in zip(records, made, strict=True):
            found = work.ledger.get("acme", record.id)
            assert found is not None
            events = [
                Event(f"{name}-{record.id}", EventType.SIGNUP_CHANGED, "acme", record.id, later, later, {"text": text})
                for name in ("first", "second")
            ]
            audit = AuditEntry(later, "worker", "signup.reassessed", record.id, {"text": text})
            work.ledger.append_assessment(found.signup_no, assessment, audit, events)
        work.commit()

    with store.begin() as work:
        for record, assessment in zip(records, made, strict=True):
            found = work.ledger.get("acme", record.id)
            assert found is not None
            assert found.assessments[-1] == assessment
            told = work.events.of_subject(record.id)
            assert [each.id for each in told][-2:] == [f"first-{record.id}", f"second-{record.id}"]
            assert told[-1].data == {"text": text}
            assert work.audit.entries(subject=record.id)[0].detail == {"text": text}


def test_an_assessment_that_follows_from_what_is_not_the_last_one_is_refused_with_all_that_belongs_to_it(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    later = noon + timedelta(hours=1)
    first, second = make_assessment(), make_assessment(decided_at=later, decision=Decision.DENY)
    record = make_record(assessment=first)
    record_all(store, record)

    def append(assessment: Assessment, *, after: str, due: timedelta) -> None:
        event = Event(assessment.id, EventType.SIGNUP_CHANGED, "acme", record.id, later, later + due, {})
        with store.begin() as work:
            found = work.ledger.get("acme", record.id)
            assert found is not None
            audit = AuditEntry(later, "worker", "signup.reassessed", record.id, {})
            work.ledger.append_assessment(found.signup_no, assessment, audit, [event], after=after)
            work.commit()

    append(second, after=first.id, due=timedelta(hours=9))
    with pytest.raises(ConflictError):
        append(make_assessment(decided_at=later), after=first.id, due=timedelta(0))

    with store.begin() as work:
        again = work.ledger.get("acme", record.id)
        assert again is not None
        assert again.assessments == (first, second)
        assert [each.due_at for each in work.events.of_subject(record.id)][-1] == later + timedelta(hours=9)
        assert len(work.audit.entries(subject=record.id)) == 2


def test_what_is_told_of_a_sign_up_is_due_before_what_is_told_of_it_later(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    one, other = make_record(assessment=make_assessment()), make_record(assessment=make_assessment())
    record_all(store, one, other)

    def tell(record: NewRecord, name: str, due: timedelta) -> None:
        event = Event(name, EventType.SIGNUP_CHANGED, "acme", record.id, noon, noon + due, {})
        with store.begin() as work:
            found = work.ledger.get("acme", record.id)
            assert found is not None
            audit = AuditEntry(noon, "worker", "signup.reassessed", record.id, {})
            work.ledger.append_assessment(found.signup_no, make_assessment(), audit, [event])
            work.commit()

    tell(other, "another's", timedelta(hours=9))
    tell(one, "first", timedelta(hours=9))
    tell(one, "second", timedelta(hours=3))
    tell(one, "third", timedelta(hours=5))

    with store.begin() as work:
        due = [(each.id, each.due_at - noon) for each in work.events.of_subject(one.id)][-3:]
        three, five = timedelta(hours=3), timedelta(hours=5)
        assert due == [("first", three - APART), ("second", three), ("third", five)]
        assert work.events.of_subject(other.id)[-1].due_at == noon + timedelta(hours=9)
