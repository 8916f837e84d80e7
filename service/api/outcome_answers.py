"""Render outcomes."""

from __future__ import annotations

from typing import Any  # the parts of an answer, before its schema has checked them

from service.api.schemas.decision import OutcomeAnswer
from service.api.schemas.outcome import OutcomeRecordedAnswer
from service.domain.outcome import Outcome
from service.usecases.record_outcome import Spoken


def outcome_answer(outcome: Outcome) -> OutcomeAnswer:
    """A recorded outcome."""
    return OutcomeAnswer(**_parts(outcome))


def recorded_answer(spoken: Spoken) -> OutcomeRecordedAnswer:
    """A recorded outcome, and the label that stands now."""
    return OutcomeRecordedAnswer(
        **_parts(spoken.outcome),
        signup=spoken.signup.id,
        signup_id=spoken.signup.signup_id,
        standing=None if spoken.standing is None else spoken.standing.said.label,
    )


def _parts(outcome: Outcome) -> dict[str, Any]:
    said = outcome.said
    return {
        "id": outcome.id,
        "label": said.label,
        "source": said.source,
        "reason": said.reason,
        "confidence": said.confidence,
        "grade": said.grade,
        "occurred_at": said.occurred_at or outcome.recorded_at,
        "recorded_at": outcome.recorded_at,
    }
