"""Give a verdict: what a reviewer concludes becomes a decision, an outcome and an event, or says it did nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from service.domain.case import Case, CaseKind
from service.domain.decision import Decision, Reason
from service.domain.event import Event, EventType
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.reviewer import Acting
from service.domain.verdict import DECISION_OF, Opinion, Verdict, VerdictReason, check_reason
from service.usecases.answer_cases import answered_anew, answered_by
from service.usecases.decide_by_person import (
    REVIEW_GROUP,
    AskMore,
    TellOutcome,
    VerdictOutcome,
    append_change,
    assessment_by_person,
)
from service.usecases.handle_cases import case_for, checked_note
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_cases import Note
from service.usecases.try_again import tried_again


class Effect(StrEnum):
    """What a verdict did."""

    APPLIED = "applied"
    NONE = "none"
    OPINION = "opinion"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict and what it did.

    Attributes:
        answered: other cases about the same account, which it closed too.
        answered_anew: likewise, which an earlier verdict in the same case had closed.
    """

    case: Case
    opinion: Opinion | None
    effect: Effect
    answered: tuple[Case, ...] = ()
    answered_anew: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sitting:
    """One reviewer over one case, now."""

    work: UnitOfWork
    case: Case
    acting: Acting
    now: datetime

    def audit(self, action: str, **detail: object) -> None:
        self.work.audit.add(AuditEntry(self.now, self.acting.name, action, self.case.id, detail))

    def opinion(
        self, reason: VerdictReason, *, final: bool, before: Decision | None = None, after: Decision | None = None
    ) -> Opinion:
        opinion = Opinion(
            version=len(self.work.cases.opinions(self.case.id)) + 1,
            verdict=reason.verdict,
            reason_code=reason.code,
            by=self.acting.name,
            at=self.now,
            final=final,
            before=before,
            after=after,
        )
        self.work.cases.add_opinion(self.case.id, opinion)
        return opinion


@dataclass(frozen=True, slots=True)
class GiveVerdict:
    """Conclude on a case that the caller holds."""

    begin: Begin
    review: Callable[[], ReviewPolicy]
    policy_version: Callable[[], int]
    new_id: Callable[[datetime], str]
    tell_outcome: TellOutcome
    ask_more: AskMore

    @tried_again
    def __call__(
        self,
        case_id: str,
        verdict: Verdict,
        reason_code: str,
        *,
        acting: Acting,
        now: datetime,
        note: str | None = None,
    ) -> Given:
        """Record the conclusion; it resolves the case unless further opinions are wanted.

        Raises:
            NotFoundError: there is no such case for this caller.
            ConflictError: the caller does not hold the case, or somebody changed it meanwhile.
            InvalidError: the reason is none for this verdict.
        """
        reason = check_reason(verdict, reason_code)
        with self.begin() as work:
            case = case_for(work, case_id, acting)
            case.require_held(acting.name, now)
            if note and note.strip():
                work.cases.add_note(case.id, Note(now, acting.name, checked_note(note)))
            given = self._conclude(_Sitting(work, case, acting, now), reason)
            # The oldest first, as a containment locks those that it settles: so neither waits for the other.
            updated = (given.case, *given.answered_anew)
            for each in sorted((*updated, *given.answered), key=lambda each: (each.opened_at, each.id)):
                if each in updated:
                    work.cases.update(each)
                else:
                    work.cases.settle([each])
            work.commit()
        return given

    def _conclude(self, sitting: _Sitting, reason: VerdictReason) -> Given:
        case, name = sitting.case, sitting.acting.name
        if reason.verdict is Verdict.ESCALATE:
            return Given(self._escalated(sitting, case, reason.code), None, Effect.ESCALATED)
        if case.opinions_given + 1 < case.opinions_wanted:
            opinion = sitting.opinion(reason, final=False)
            # What the opinion says stays out of the history: the next reviewer reads that too.
            sitting.audit("case.opinion_given", version=opinion.version)
            return Given(case.with_opinion(name), opinion, Effect.OPINION)
        if _differs(sitting, reason):
            opinion = sitting.opinion(reason, final=False)
            moved = self._escalated(sitting, case.with_opinion(name), "OPINIONS_DIFFER")
            return Given(replace(moved, version=case.version + 1), opinion, Effect.ESCALATED)
        return self._resolve(sitting, reason)

    def _escalated(self, sitting: _Sitting, case: Case, why: str) -> Case:
        review = self.review()
        target = review.named(review.escalation)
        if target is None:
            raise RuntimeError("bug: a policy without its queue for escalations")
        sitting.audit("case.escalated", queue=target.name, reason_code=why)
        return case.escalated(target.name, share=review.share(target))

    def _resolve(self, sitting: _Sitting, reason: VerdictReason) -> Given:
        work, case, name, now = sitting.work, sitting.case, sitting.acting.name, sitting.now
        recorded = None if case.record_id is None else work.ledger.get(None, case.record_id)
        before, after = None, None
        if recorded is not None:
            before, after = self._decide(sitting, recorded, reason)
            self.tell_outcome(work, VerdictOutcome(case.id, recorded, reason.verdict, reason.code, name, now))
        opinion = sitting.opinion(reason, final=True, before=before, after=after)
        resolved = case.resolved(reason.verdict, reason.code, by=name, now=now)
        effect = Effect.NONE if after is None else Effect.APPLIED
        sitting.audit(
            "case.resolved",
            verdict=reason.verdict.value,
            reason_code=reason.code,
            effect=effect.value,
            version=opinion.version,
        )
        work.events.add(*self._told(resolved, opinion, effect, recorded, now))
        answered = answered_by(work, case, reason, self.review(), by=name, now=now)
        anew = answered_anew(work, case, reason, now=now)
        detail: dict[str, object] = {"case": case.id, "verdict": reason.verdict.value, "reason_code": reason.code}
        work.audit.add(
            *(AuditEntry(now, name, "case.settled_by_verdict", each.id, detail) for each in (*answered, *anew))
        )
        return Given(resolved, opinion, effect, tuple(answered), tuple(anew))

    def _decide(
        self, sitting: _Sitting, recorded: Recorded, reason: VerdictReason
    ) -> tuple[Decision | None, Decision | None]:
        """The decision before, and after when the verdict changed it."""
        last = recorded.assessments[-1] if recorded.assessments else None
        wanted = DECISION_OF[reason.verdict]
        before = None if last is None else last.decision
        if before is wanted and reason.verdict is not Verdict.ASK_MORE:
            return before, None
        work, now = sitting.work, sitting.now
        assessment = assessment_by_person(
            last,
            wanted,
            Reason(reason.code, REVIEW_GROUP, reason.text),
            id=self.new_id(now),
            now=now,
            policy_version=self.policy_version(),
        )
        challenges = self.ask_more(work, recorded, now) if reason.verdict is Verdict.ASK_MORE else ()
        append_change(
            work,
            recorded,
            assessment,
            case_id=sitting.case.id,
            by=sitting.acting.name,
            now=now,
            new_id=self.new_id,
            challenges=challenges,
        )
        return before, wanted

    def _told(
        self, case: Case, opinion: Opinion, effect: Effect, recorded: Recorded | None, now: datetime
    ) -> tuple[Event, ...]:
        data: dict[str, object] = {
            "case_id": case.id,
            "kind": case.kind.value,
            "id": case.record_id,
            "signup_id": None if recorded is None else recorded.signup.signup_id,
            "verdict": opinion.verdict.value,
            "reason_code": opinion.reason_code,
            "effect": effect.value,
            "version": opinion.version,
        }
        kinds = [EventType.CASE_RESOLVED]
        if case.kind is CaseKind.APPEAL:
            kinds.append(EventType.APPEAL_RESOLVED)
        return tuple(
            Event(
                id=self.new_id(now),
                type=kind,
                owner=case.owner,
                subject=case.id if kind is EventType.CASE_RESOLVED else case.record_id or case.id,
                occurred_at=now,
                due_at=now,
                data=data,
            )
            for kind in kinds
        )


def _differs(sitting: _Sitting, reason: VerdictReason) -> bool:
    """Whether this is the second of two independent opinions, and not the same as the first."""
    if sitting.case.kind is not CaseKind.REVIEW or sitting.case.opinions_given != 1:
        return False
    standing = [each for each in sitting.work.cases.opinions(sitting.case.id) if each.undone is None]
    return bool(standing) and standing[-1].verdict is not reason.verdict
