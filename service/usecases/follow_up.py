"""Follow up a later look at a sign-up: the proofs and the case that it calls for, and what its caller is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from service.domain.case import Case
from service.domain.decision import Assessment
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.step_up import StepUp
from service.usecases.open_case import case_of_decision
from service.usecases.ports import Recorded, UnitOfWork
from service.usecases.read_signup import signup_view
from service.usecases.views import SignupView


def open_its_case(
    work: UnitOfWork,
    recorded: Recorded,
    assessment: Assessment,
    *,
    review: ReviewPolicy,
    new_id: Callable[[datetime], str],
    now: datetime,
) -> Case | None:
    """Stage the case that a person is to judge, unless there is one; the one that will be there, if any is wanted."""
    case = case_of_decision(
        assessment,
        owner=recorded.owner,
        record_id=recorded.id,
        account_type=recorded.signup.account_type,
        review=review,
        now=now,
        new_id=new_id,
    )
    if case is None:
        return None
    known = work.cases.of_subject(case.owner, case.subject)
    if known is None:
        work.cases.add(case)
    return known or case


def looked_at(
    recorded: Recorded, assessment: Assessment, *, step_up: StepUp | None = None, case: Case | None = None
) -> SignupView:
    """The sign-up as its caller sees it once this assessment is the newest."""
    view = signup_view(recorded, (*recorded.assessments, assessment), step_up=step_up)
    return replace(view, current=replace(view.current, case_id=None if case is None else case.id))
