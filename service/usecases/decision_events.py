"""What the sign-up flow is told of a decision: enough to act on without asking back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from service.domain.decision import Assessment, Decision
from service.domain.event import Event, EventType
from service.usecases.views import DecisionView


def decided(view: DecisionView, *, owner: str, now: datetime, new_id: Callable[[datetime], str]) -> tuple[Event, ...]:
    """The event of a first decision; none for a sign-up that is only recorded."""
    if view.assessment is None:
        return ()
    return (
        Event(
            id=new_id(now),
            type=EventType.SIGNUP_DECIDED,
            owner=owner,
            subject=view.id,
            occurred_at=now,
            due_at=now,
            data=_told(view, view.assessment),
        ),
    )


def changed(
    view: DecisionView, *, before: Decision | None, owner: str, now: datetime, new_id: Callable[[datetime], str]
) -> tuple[Event, ...]:
    """The event of a later decision; none when the decision is what it was before."""
    if view.assessment is None or view.assessment.decision is before:
        return ()
    previous = None if before is None else before.value
    return (
        Event(
            id=new_id(now),
            type=EventType.SIGNUP_CHANGED,
            owner=owner,
            subject=view.id,
            occurred_at=now,
            due_at=now,
            data=_told(view, view.assessment) | {"previous_decision": previous},
        ),
    )


def granted(view: DecisionView, *, owner: str, now: datetime, new_id: Callable[[datetime], str]) -> tuple[Event, ...]:
    """The event of an allowed account whose grant is another than before."""
    if view.assessment is None:
        raise RuntimeError("bug: a grant without a decision")
    return (
        Event(
            id=new_id(now),
            type=EventType.SIGNUP_CHANGED,
            owner=owner,
            subject=view.id,
            occurred_at=now,
            due_at=now,
            data=_told(view, view.assessment) | {"previous_decision": view.assessment.decision.value},
        ),
    )


def _grant(assessment: Assessment) -> dict[str, object] | None:
    grant = assessment.granted
    if grant is None:
        return None
    until = None if grant.until is None else grant.until.isoformat().replace("+00:00", "Z")
    return {"tier": grant.tier.value, "quota": grant.quota, "until": until, "lifted_by": grant.lifted_by}


def _told(view: DecisionView, assessment: Assessment) -> dict[str, object]:
    return {
        "id": view.id,
        "signup_id": view.signup_id,
        "account_type": view.account_type.value,
        "decision": assessment.decision.value,
        "score": None if assessment.score is None else round(assessment.score, 6),
        "reasons": [each.code for each in assessment.reasons],
        "rules": list(assessment.rules),
        "challenges": [{"id": each.id, "method": each.method, "status": each.status} for each in view.challenges],
        "grant": _grant(assessment),
        "case_id": view.case_id,
        "policy_version": assessment.policy_version,
        "degraded": assessment.degraded,
    }
