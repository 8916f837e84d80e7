"""What a ruling says beside the decision reads back as it was written, in every store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.decision import Assessment, Decision, Explored
from service.domain.grant import Grant, Tier
from service.domain.standing import ListHit, ListName
from service.usecases.ports import AuditEntry, NewRecord
from service.usecases.ports_decisions import Period

PERIOD = Period()

PARTS: list[dict[str, Any]] = [
    {},
    {"silent_rules": ("quiet", "quieter")},
    {"failed_rules": ("broken",)},
    {"hits": (ListHit(ListName.EXEMPT, IdentifierKind.EMAIL_DOMAIN, "e1"),)},
    {"explored": Explored(Decision.REVIEW, allowed=True, propensity=0.02)},
    {"grant": Grant(Tier.PROBATION, 0.25, datetime.fromisoformat("2027-01-31T00:00:00.000001+00:00"), "It ends.")},
]


@pytest.mark.parametrize("parts", PARTS, ids=lambda parts: next(iter(parts), "nothing"))
def test_it_reads_back_as_it_was_written(
    *,
    store: Any,
    parts: dict[str, Any],
    make_record: Callable[..., NewRecord],
    make_assessment: Callable[..., Assessment],
    record_all: Callable[..., None],
    noon: datetime,
) -> None:
    first = make_assessment(decision=Decision.ALLOW, **parts)
    second = make_assessment(decision=Decision.ALLOW, score=0.9, decided_at=noon + timedelta(days=1), **parts)
    record = make_record(assessment=first)
    record_all(store, record)
    with store.begin() as work:
        found = work.ledger.get(None, record.id)
        work.ledger.append_assessment(found.signup_no, second, AuditEntry(noon, "key:k", "again", record.id, {}))
        work.commit()

    with store.begin() as work:
        assert work.ledger.get(None, record.id).assessments == (first, second)
        (streamed,) = work.decisions.stream(PERIOD, with_signups=True)

    assert streamed.score == first.score  # the first decision is the one whose outcome was awaited
    assert (streamed.hits, streamed.explored) == (first.hits, first.explored)
    assert streamed.signup["email"] == record.signup.email
