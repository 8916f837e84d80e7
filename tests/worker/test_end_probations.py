"""A probation ends by itself when its time is over and nothing bad became known, and the sign-up flow is told."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.decision import Assessment, Decision, Reason
from service.domain.errors import ConflictError
from service.domain.event import EventType
from service.domain.grant import Grant, Tier
from service.usecases.end_probations import EndProbations
from service.usecases.known_outcomes import KnownLabel
from service.usecases.ports import AuditEntry, NewRecord

MONTH = timedelta(days=30)


def assessment(noon: datetime, **changes: Any) -> Assessment:
    plain: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "decided_at": noon,
        "decision": Decision.ALLOW,
        "score": 0.1,
        "reasons": (Reason("FRESH", "rule", "A sentence."),),
        "rules": ("fresh",),
        "vector": b"\x00\x00\x80?",
        "signals": {},
        "linkage": {},
        "model": None,
        "policy_version": 1,
        "grant": Grant(Tier.PROBATION, 0.25, noon + MONTH, "It ends by itself."),
    }
    return Assessment(**{**plain, **changes})


def job(store: Any, **labels: KnownLabel) -> EndProbations:
    numbers = itertools.count()

    def outcomes(signups: Any) -> dict[str, KnownLabel]:
        return {each.id: labels[each.signup_id] for each in signups if each.signup_id in labels}

    # Ids of assessments order those of one instant; these sort after the random ones.
    return EndProbations(store.begin, lambda _: f"z{next(numbers):04}", outcomes)


@pytest.fixture
def on_probation(
    make_record: Callable[..., NewRecord], record_all: Callable[..., None], noon: datetime
) -> Callable[..., NewRecord]:
    def record(store: Any, signup_id: str, **changes: Any) -> NewRecord:
        made = make_record(signup_id, assessment=assessment(noon, **changes))
        record_all(store, made)
        return made

    return record


def last(store: Any, record: NewRecord) -> Assessment:
    with store.begin() as work:
        found = work.ledger.get("acme", record.id)
        assert found is not None
        newest: Assessment = found.assessments[-1]
        return newest


def test_it_ends_once_at_its_time_and_is_an_event(
    store: Any, on_probation: Callable[..., NewRecord], noon: datetime
) -> None:
    record = on_probation(store, "su_1")
    end = job(store)

    rounds = [end(noon + MONTH - timedelta(seconds=1)), end(noon + MONTH), end(noon + MONTH)]

    assert rounds == [0, 1, 0]
    full = last(store, record)
    assert (full.decision, full.grant, full.vector, full.score) == (Decision.ALLOW, None, None, 0.1)
    assert full.granted == Grant(Tier.FULL)
    assert [reason.code for reason in full.reasons] == ["PROBATION_ENDED"]
    with store.begin() as work:
        (event,) = work.events.of_subject(record.id)
        (entry,) = work.audit.entries(subject=record.id, limit=1)
    assert event.type is EventType.SIGNUP_CHANGED
    assert event.data["grant"] == {"tier": "full", "quota": None, "until": None, "lifted_by": None}
    assert (event.data["decision"], event.data["previous_decision"]) == ("allow", "allow")
    assert (entry.action, entry.actor) == ("probation.ended", "worker")


def test_what_is_known_as_fraud_is_never_granted_in_full(
    store: Any, on_probation: Callable[..., NewRecord], noon: datetime
) -> None:
    fraud, honest = on_probation(store, "su_f"), on_probation(store, "su_h")
    end = job(store, su_f=KnownLabel.FRAUD, su_h=KnownLabel.LEGITIMATE)

    assert (end(noon + MONTH), end(noon + MONTH)) == (1, 0)
    assert last(store, fraud).grant is not None
    assert last(store, honest).grant is None


def test_nobody_else_has_a_probation_to_end(store: Any, on_probation: Callable[..., NewRecord], noon: datetime) -> None:
    on_probation(store, "su_1", grant=None)
    on_probation(store, "su_2", decision=Decision.STEP_UP, grant=None)

    assert job(store)(noon + MONTH) == 0


def test_a_later_decision_ends_renews_or_begins_a_probation(
    store: Any, on_probation: Callable[..., NewRecord], noon: datetime
) -> None:
    denied, renewed = on_probation(store, "su_1"), on_probation(store, "su_2")
    begun = on_probation(store, "su_3", decision=Decision.STEP_UP, grant=None)
    later = noon + timedelta(days=1)
    longer = Grant(Tier.PROBATION, 0.25, later + MONTH, "It ends by itself.")
    changes: list[tuple[NewRecord, dict[str, Any]]] = [
        (denied, {"decision": Decision.DENY, "grant": None}),
        (renewed, {"grant": longer}),
        (begun, {"grant": longer}),
    ]
    for record, change in changes:
        with store.begin() as work:
            found = work.ledger.get(None, record.id)
            audit = AuditEntry(later, "key:k", "signup.reassessed", record.id, {})
            work.ledger.append_assessment(
                found.signup_no, assessment(noon, id=f"y{record.id}", decided_at=later, **change), audit
            )
            work.commit()

    assert job(store)(noon + MONTH) == 0
    assert job(store)(later + MONTH) == 2
    assert last(store, denied).decision is Decision.DENY


def test_of_two_workers_one_ends_it(store: Any, on_probation: Callable[..., NewRecord], noon: datetime) -> None:
    record = on_probation(store, "su_1")
    slow, fast = job(store), job(store)
    with store.begin() as work:
        due = work.probations.due(noon + MONTH, limit=10)

    assert fast(noon + MONTH) == 1
    assert not slow._end(due[0], noon + MONTH)
    with store.begin() as work:
        assert len(work.events.of_subject(record.id)) == 1
        found = work.ledger.get(None, record.id)
    assert len(found.assessments) == 2


def test_of_two_who_end_it_at_the_same_moment_the_second_is_refused(
    store: Any, on_probation: Callable[..., NewRecord], noon: datetime
) -> None:
    on_probation(store, "su_1")
    with store.begin() as first, store.begin() as second:
        (due,) = first.probations.due(noon + MONTH, limit=10)
        first.probations.end(due.signup_no, at=noon)
        second.probations.end(due.signup_no, at=noon)
        first.commit()

        with pytest.raises(ConflictError):
            second.commit()
