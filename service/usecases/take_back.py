"""Take a verdict back: undo it within the policy's window, or reopen its case later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.case import Case, CaseState
from service.domain.errors import ConflictError
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Opinion
from service.usecases.answer_cases import open_answered
from service.usecases.decide_by_person import (
    DECIDED,
    VERDICT_UNDONE,
    TellOutcome,
    VerdictOutcome,
    append_change,
    assessment_by_person,
    without_taken_back,
)
from service.usecases.handle_cases import case_for
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.try_again import tried_again


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Undo one's own verdict within the policy's window, and reopen a case later."""

    begin: Begin
    review: Callable[[], ReviewPolicy]
    policy_version: Callable[[], int]
    new_id: Callable[[datetime], str]
    tell_outcome: TellOutcome

    @tried_again
    def undo(self, case_id: str, *, acting: Acting, now: datetime) -> Case:
        """The verdict taken back, the decision as it was before it, and the case in the reviewer's hands again.

        What was decided since, by a containment or a proof, stands.

        Raises:
            ConflictError: it is not the caller's own verdict, or the window is over.
        """
        review = self.review()
        with self.begin() as work:
            case = case_for(work, case_id, acting)
            if case.state is not CaseState.RESOLVED or case.resolved_at is None:
                raise ConflictError("This case is not resolved; there is nothing to undo.")
            if case.resolved_by != acting.name:
                raise ConflictError("Only whoever gave a verdict can undo it; a lead can reopen the case.")
            if now > case.resolved_at + review.undo_window:
                raise ConflictError(
                    f"A verdict can be undone for {review.undo_seconds} seconds; reopen the case to correct it."
                )
            self._withdraw(work, case, acting, now)
            reopened = case.reopened(now=now, due_after=review.lease, holder=acting.name, lease=review.lease)
            # As if the verdict had never been: the person has waited all the time.
            reopened = replace(reopened, due_at=case.due_at, louder_at=case.louder_at)
            work.cases.update(reopened)
            work.audit.add(AuditEntry(now, acting.name, "case.undone", case.id, {}))
            work.commit()
        return reopened

    def reopen(self, case_id: str, *, acting: Acting, now: datetime) -> Case:
        """The case open again, due anew; the decision stays until another verdict changes it.

        Raises:
            ForbiddenError: it is another's verdict and the caller is no lead.
            ConflictError: it is not resolved, or its subject has a newer case.
        """
        review = self.review()
        with self.begin() as work:
            case = case_for(work, case_id, acting)
            if case.resolved_by != acting.name:
                acting.require(Role.LEAD)
            newer = work.cases.of_subject(case.owner, case.subject)
            if newer is not None and newer.id != case.id:
                raise ConflictError(f"Case {newer.id} about the same is open already.")
            queue = review.named(case.queue)
            reopened = case.reopened(now=now, due_after=review.lease if queue is None else queue.due_after)
            work.cases.update(reopened)
            work.audit.add(AuditEntry(now, acting.name, "case.reopened", case.id, {}))
            work.commit()
        return reopened

    def _withdraw(self, work: UnitOfWork, case: Case, acting: Acting, now: datetime) -> None:
        final = next(each for each in reversed(work.cases.opinions(case.id)) if each.final and each.undone is None)
        work.cases.undo_opinion(case.id, final.version, at=now)
        recorded = None if case.record_id is None else work.ledger.get(None, case.record_id)
        if recorded is None:
            return
        outcome = VerdictOutcome(case.id, recorded, final.verdict, final.reason_code, acting.name, now, withdrawn=True)
        self.tell_outcome(work, replace(outcome, standing=_others(work, case, final, recorded.id)))
        # A release may have left the account as the verdict had it.
        work.containments.give_back_again(recorded.signup_no)
        others = final.after is not None and not _stands(work, case, recorded)
        # What a containment decided since is undone by its release, and then what the verdict said is there again.
        if not others or work.containments.standing_among([recorded.signup_no]):
            open_answered(work, case, self.review(), by=acting.name, now=now)
            work.gathering.scatter([recorded.signup_no])
        if others:
            return
        if final.before is None or final.after is None:
            return
        assessment = assessment_by_person(
            recorded.assessments[-1],
            final.before,
            VERDICT_UNDONE,
            id=self.new_id(now),
            now=now,
            policy_version=self.policy_version(),
        )
        append_change(work, recorded, assessment, case_id=case.id, by=acting.name, now=now, new_id=self.new_id)


def _others(work: UnitOfWork, case: Case, final: Opinion, record_id: str) -> tuple[Opinion, ...]:
    """The verdicts on a sign-up that stand, but for this one in this case; the newest first."""
    opinions = [(of.id, each) for of in work.cases.of_record(record_id) for each in work.cases.opinions(of.id)]
    standing = [each for of, each in opinions if each.final and each.undone is None and (of, each) != (case.id, final)]
    return tuple(sorted(standing, key=lambda each: each.at, reverse=True))


def _stands(work: UnitOfWork, case: Case, recorded: Recorded) -> bool:
    """Whether what a verdict in the case made of the sign-up stands: what was decided since was taken back."""
    stands = without_taken_back(recorded.assessments)[-1].id
    # A verdict in another case may be for the same reason, and a further one in this case would be the one asked about.
    decided = work.audit.entries(subject=recorded.id, action=DECIDED, limit=len(recorded.assessments))
    return any((each.detail.get("assessment"), each.detail["case_id"]) == (stands, case.id) for each in decided)
