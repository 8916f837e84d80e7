"""Reassess: score a recorded sign-up again with today's history, model and policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.caller import Caller
from service.domain.decision import Assessment, instant_after
from service.domain.errors import ConflictError, NotFoundError
from service.usecases.ask_again import AskAgain
from service.usecases.decision_events import changed
from service.usecases.follow_up import looked_at, open_its_case
from service.usecases.judge import Judge
from service.usecases.look_again import facts_now
from service.usecases.ports import AuditEntry, Begin
from service.usecases.step_up_methods import Person
from service.usecases.try_again import tried_again
from service.usecases.views import SignupView


@dataclass(frozen=True, slots=True)
class Reassess:
    """A new entry in the history of a sign-up, never an overwrite."""

    begin: Begin
    judge: Judge
    ask_again: AskAgain

    @tried_again
    def __call__(self, record_id: str, *, caller: Caller, now: datetime) -> SignupView:
        """Judge the sign-up at ``now`` and append the assessment.

        Everything recorded by now counts, later sign-ups too; the sign-up's own links do not.

        Raises:
            NotFoundError: the caller recorded no such sign-up.
            ConflictError: it was only recorded, never decided; or a challenge is being answered this moment.
        """
        with self.begin() as work:
            recorded = work.ledger.get(caller.owner, record_id)
            if recorded is None:
                raise NotFoundError("There is no such sign-up.")
            if recorded.signup.record_only:
                raise ConflictError("This sign-up was only recorded; there is no decision to look at again.")
            facts = facts_now(work, self.judge, recorded, now=now)
            assessment = self.judge(facts, now=now)
            last = recorded.assessments[-1] if recorded.assessments else None
            assessment = replace(_keeping_the_end(assessment, last), decided_at=instant_after(last, now))
            assessment, step_up = self.ask_again(
                work, Person(recorded.signup, facts.signals), assessment, recorded, now=now
            )
            audit = AuditEntry(
                at=now,
                actor=f"key:{caller.key_id}",
                action="signup.reassessed",
                subject=record_id,
                detail={"decision": assessment.decision.value, "policy_version": assessment.policy_version},
            )
            review = self.judge.policy().document.review
            case = open_its_case(work, recorded, assessment, review=review, new_id=self.judge.new_id, now=now)
            view = looked_at(recorded, assessment, step_up=step_up, case=case)
            view = replace(view, account=work.accounts.of(recorded.signup_no))
            before = None if last is None else last.decision
            events = changed(view.current, before=before, owner=recorded.owner, now=now, new_id=self.judge.new_id)
            outcomes = tuple(work.outcomes.of(recorded.signup_no))
            work.ledger.append_assessment(
                recorded.signup_no, assessment, audit, events, after=None if last is None else last.id
            )
            work.commit()
        return replace(view, outcomes=outcomes)


def _keeping_the_end(assessment: Assessment, last: Assessment | None) -> Assessment:
    """The assessment; looking again makes a probation that runs no longer than it was."""
    grant, running = assessment.grant, None if last is None else last.grant
    if grant is None or running is None or grant.until is None or running.until is None:
        return assessment
    return replace(assessment, grant=replace(grant, until=min(grant.until, running.until)))
