"""A person's decision on a sign-up: its assessment, what the sign-up flow is told, and the ports beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.decision import Assessment, Decision, Reason, instant_after
from service.domain.verdict import Opinion, Verdict
from service.usecases.decision_events import changed
from service.usecases.ports import AuditEntry, Recorded, UnitOfWork
from service.usecases.read_signup import signup_view
from service.usecases.views import ChallengeView

REVIEW_GROUP = "review"
"""The group of a reason that a person gave."""

DECIDED = "signup.decided_by_person"
"""The action of the audit entry about such a decision: it names the assessment and the case."""

VERDICT_UNDONE = Reason("VERDICT_UNDONE", REVIEW_GROUP, "The reviewer took the verdict back.")


@dataclass(frozen=True, slots=True)
class VerdictOutcome:
    """What a verdict says about the truth of one sign-up.

    Attributes:
        withdrawn: it takes an earlier one back.
        standing: when it does, the verdicts on the sign-up that stand still, in whatever case, the newest first.
    """

    case_id: str
    recorded: Recorded
    verdict: Verdict
    reason_code: str
    by: str
    at: datetime
    withdrawn: bool = False
    standing: tuple[Opinion, ...] = ()


TellOutcome = Callable[[UnitOfWork, VerdictOutcome], None]
"""Stages the outcome of a verdict in the verdict's own transaction."""

AskMore = Callable[[UnitOfWork, Recorded, datetime], tuple[ChallengeView, ...]]
"""Stages the challenges that ``ask_more`` asks of the person, in the verdict's own transaction."""


def assessment_by_person(
    last: Assessment | None,
    decision: Decision,
    reason: Reason,
    *,
    id: str,  # noqa: A002 - the assessment's own word
    now: datetime,
    policy_version: int,
) -> Assessment:
    """A decision that a person made, after the last one.

    The score as it stood, the person's reason, and no vector to learn from twice.
    """
    return Assessment(
        id=id,
        decided_at=instant_after(last, now),
        decision=decision,
        score=None if last is None else last.score,
        reasons=(reason,),
        rules=(),
        vector=None,
        signals={},
        linkage={},
        model=None if last is None else last.model,
        policy_version=policy_version,
    )


def without_taken_back(assessments: Sequence[Assessment]) -> tuple[Assessment, ...]:
    """The assessments of a sign-up, but for those of verdicts that were taken back and those that took them back.

    Only what still stands is taken back: what takes a verdict back follows that one, or others taken back since.
    """
    standing: list[Assessment] = []
    for each in assessments:
        if VERDICT_UNDONE in each.reasons:
            standing.pop()
        else:
            standing.append(each)
    return tuple(standing)


def append_change(
    work: UnitOfWork,
    recorded: Recorded,
    assessment: Assessment,
    *,
    case_id: str,
    by: str,
    now: datetime,
    new_id: Callable[[datetime], str],
    challenges: tuple[ChallengeView, ...] = (),
) -> None:
    """Stage a person's decision on a sign-up, its audit entry and what the sign-up flow is told."""
    view = signup_view(recorded, (*recorded.assessments, assessment))
    current = replace(view.current, case_id=case_id, challenges=challenges)
    before = recorded.assessments[-1].decision if recorded.assessments else None
    detail: dict[str, object] = {
        "decision": assessment.decision.value,
        "assessment": assessment.id,
        "case_id": case_id,
    }
    audit = AuditEntry(now, by, DECIDED, recorded.id, detail)
    events = changed(current, before=before, owner=recorded.owner, now=now, new_id=new_id)
    last = recorded.assessments[-1].id if recorded.assessments else None
    work.ledger.append_assessment(recorded.signup_no, assessment, audit, events, after=last)
