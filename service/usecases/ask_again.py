"""Ask again: what a new look at a sign-up means for the challenges it had, or has not had yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.domain.decision import Assessment
from service.domain.step_up import StepUp, steps_between
from service.usecases.plan_step_up import PlanStepUp
from service.usecases.ports import Recorded, UnitOfWork
from service.usecases.step_up_methods import Person

ACTOR = "gatehouse"


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Stages the challenges of a reassessed sign-up: proofs given before still count, what ran out is renewed."""

    plan: PlanStepUp

    def __call__(
        self,
        work: UnitOfWork,
        person: Person,
        assessment: Assessment,
        recorded: Recorded,
        *,
        now: datetime,
        told_at: datetime | None = None,
    ) -> tuple[Assessment, StepUp | None]:
        """The assessment with its decision as the challenges leave it, and the challenges as they will stand.

        ``told_at`` is when the person can know of them: by default now.
        """
        existing = work.step_ups.of_record(recorded.id)
        if existing is None:
            assessment, new = self.plan(
                person, assessment, record_id=recorded.id, owner=recorded.owner, now=now, told_at=told_at
            )
            if new is None:
                return assessment, None
            work.step_ups.add(new)
            return assessment, new.step_up
        assessment, after, mails = self.plan.again(existing, person, assessment, now=now, told_at=told_at)
        work.step_ups.save(existing, after, tuple(steps_between(existing, after, now=now, actor=ACTOR)))
        work.mails.add(*mails)
        return assessment, after
