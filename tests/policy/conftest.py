"""Policies to change in one place, and decisions recorded under them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.domain.decision import Assessment, Decision
from service.usecases.ports import NewRecord

DOCUMENT = """
format = 1
[thresholds.educational]
step_up = 0.2
review = 0.6
[thresholds.research]
step_up = 0.2
review = 0.6
[fallback]
decision = "step_up"
"""


@pytest.fixture
def document() -> str:
    """A policy of thresholds alone, to which sections are added."""
    return DOCUMENT


@pytest.fixture
def make_assessment(noon: datetime) -> Callable[..., Assessment]:
    """Makes an assessment; name only what matters."""

    def make(**changes: Any) -> Assessment:
        plain: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "decided_at": noon,
            "decision": Decision.ALLOW,
            "score": 0.1,
            "reasons": (),
            "rules": (),
            "vector": None,
            "signals": {"email": {"free": True}},
            "linkage": {},
            "model": None,
            "policy_version": 1,
        }
        return Assessment(**{**plain, **changes})

    return make


@pytest.fixture
def decide_all(
    make_record: Callable[..., NewRecord], make_assessment: Callable[..., Assessment], noon: datetime
) -> Callable[..., list[NewRecord]]:
    """Records one decision a score, a minute apart, each as version 1 of ``DOCUMENT`` decides."""

    def record(store: Any, scores: list[float], **changes: Any) -> list[NewRecord]:
        records = []
        for at, score in enumerate(scores):
            decision = Decision.REVIEW if score >= 0.6 else Decision.STEP_UP if score >= 0.2 else Decision.ALLOW
            parts = {"decision": decision, "score": score, **changes}
            when = noon + timedelta(minutes=at)
            records.append(make_record(at=when, assessment=make_assessment(decided_at=when, **parts)))
        with store.begin() as work:
            for each in records:
                work.ledger.append(each)
            work.commit()
        return records

    return record


LATER = datetime(2026, 12, 1, tzinfo=UTC)
