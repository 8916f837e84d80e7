"""Tell consequences: a decision that changed because of others, recorded now and told at a random time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.containment import WORKER
from service.domain.decision import Assessment
from service.domain.event import Event, EventType
from service.usecases.decision_events import changed
from service.usecases.judge import Judge
from service.usecases.ports import AuditEntry, Recorded, UnitOfWork
from service.usecases.read_signup import signup_view


def tell_consequence(
    work: UnitOfWork,
    judge: Judge,
    recorded: Recorded,
    assessment: Assessment,
    *,
    because: dict[str, object],
    now: datetime,
    chance: float,
) -> None:
    """Stage the assessment of an account, and what its sign-up flow is told of it.

    Args:
        because: what the receiver is told beside the decisions, and the audit record; no personal data.
        chance: from 0 to 1, when within the policy's window it is told: timing must not say who betrayed whom.
    """
    due = now + judge.policy().document.clusters.containment.spread * chance
    told = changed(
        signup_view(recorded, (*recorded.assessments, assessment)).current,
        before=recorded.assessments[-1].decision,
        owner=recorded.owner,
        now=now,
        new_id=judge.new_id,
    )
    append_reassessed(work, judge, recorded, assessment, told, because=because, now=now, due=due)


def append_reassessed(
    work: UnitOfWork,
    judge: Judge,
    recorded: Recorded,
    assessment: Assessment,
    told: Sequence[Event],
    *,
    because: Mapping[str, object],
    now: datetime,
    due: datetime,
) -> None:
    """Stage an assessment that the worker made, with its audit entry and ``account.reassess`` after ``told``.

    Args:
        because: why, for the receiver and the audit record; no personal data.
        due: when all of it may be told.
    """
    reassess = Event(
        id=judge.new_id(now),
        type=EventType.ACCOUNT_REASSESS,
        owner=recorded.owner,
        subject=recorded.id,
        occurred_at=now,
        due_at=due,
        data={
            "id": recorded.id,
            "signup_id": recorded.signup.signup_id,
            "decision": assessment.decision.value,
            "previous_decision": recorded.assessments[-1].decision.value,
            **because,
        },
    )
    detail: dict[str, object] = {"decision": assessment.decision.value, **because}
    audit = AuditEntry(now, WORKER, "signup.reassessed", recorded.id, detail)
    events = [*(replace(each, due_at=due) for each in told), reassess]
    work.ledger.append_assessment(recorded.signup_no, assessment, audit, events)
