"""Settle a step-up: after every answer a new assessment, and what the answers make of the decision."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.linkage.marks import Mark
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from service.domain.challenge import NEUTRAL, Challenge, ChallengeStatus
from service.domain.decision import Assessment, Decision, Reason, instant_after
from service.domain.event import Event, EventType
from service.domain.evidence import odds_of, probability_of, ratio_of
from service.domain.occasion import CHALLENGE_GROUP
from service.domain.step_up import Standing, StepUp, decision_after, standing_of, steps_between
from service.usecases.decision_events import changed
from service.usecases.follow_up import looked_at, open_its_case
from service.usecases.plan_step_up import NO_PROOF, PlanStepUp
from service.usecases.ports import AuditEntry, Recorded, UnitOfWork
from service.usecases.ports_step_up import Mail
from service.usecases.step_up_methods import Person
from service.usecases.views import DecisionView

_TEXTS = {
    ChallengeStatus.PASSED: "What was proven speaks for the person.",
    ChallengeStatus.FAILED: "A proof that was asked for was not given.",
    ChallengeStatus.ABANDONED: "The person gave up a proof that was asked for.",
    ChallengeStatus.EXPIRED: "A proof that was asked for was not given in time.",
}


@dataclass(frozen=True, slots=True)
class SettleStepUp:
    """Stages what a changed step-up leaves behind: its history, an assessment, an audit entry, events, mails."""

    plan: PlanStepUp
    reference: Reference
    new_id: Callable[[datetime], str]

    def person(self, recorded: Recorded) -> Person:
        """Who is asked."""
        return Person(recorded.signup, derive_signals(recorded.signup, self.reference))

    def __call__(
        self,
        work: UnitOfWork,
        before: StepUp,
        after: StepUp,
        *,
        recorded: Recorded,
        now: datetime,
        actor: str,
        ask_more: bool = True,
    ) -> StepUp:
        """Stage the change from ``before``; the step-up as it will stand.

        A decision that is no longer ``step_up`` was made by somebody else in the meantime, and stands: the answer is
        recorded and counted, and changes nothing. Without ``ask_more`` an unsettled doubt goes to a person.
        """
        latest = recorded.assessments[-1]
        now = instant_after(latest, now)
        terms = self.plan.terms()
        standing = standing_of(after, terms.table, terms.silence)
        decision, reasons = latest.decision, self._reasons(after, latest)
        mails: tuple[Mail, ...] = ()
        if latest.decision is Decision.STEP_UP:
            decision = decision_after(
                standing, self.plan.line_decision(recorded.signup.account_type, standing.probability)
            )
            if decision is Decision.STEP_UP:
                waits = False
                if ask_more:
                    after, mails, waits = self._ask_more(before, after, recorded, now)
                if not waits:
                    decision, reasons = Decision.REVIEW, (*reasons, NO_PROOF)
            if decision is not Decision.STEP_UP:
                after = after.each(lambda each: each.not_needed(now))
        assessment = replace(
            latest,
            id=self.new_id(now),
            decided_at=now,
            decision=decision,
            score=_score(after, standing),
            reasons=reasons,
            vector=None,
        )
        if latest.decision is Decision.STEP_UP and decision is Decision.ALLOW:
            assessment = self.plan.let_in(assessment, now=now)
        self._stage(work, before, after, recorded=recorded, assessment=assessment, mails=mails, actor=actor)
        return replace(after, version=before.version + 1)

    def save(
        self,
        work: UnitOfWork,
        before: StepUp,
        after: StepUp,
        *,
        now: datetime,
        actor: str,
        mails: tuple[Mail, ...] = (),
    ) -> StepUp:
        """Stage a change that is no answer: a page opened, a code sent, a wrong code with tries left."""
        work.step_ups.save(before, after, tuple(steps_between(before, after, now=now, actor=actor)))
        work.mails.add(*mails)
        return replace(after, version=before.version + 1)

    def _ask_more(
        self, before: StepUp, after: StepUp, recorded: Recorded, now: datetime
    ) -> tuple[StepUp, tuple[Mail, ...], bool]:
        """Ask for something else where that helps; and whether the doubt still waits for the person.

        Silence is no failure: whoever let a challenge expire may come back and be asked again. A pass with more to
        come needs nothing either. What failed, or cannot be done, is replaced.
        """
        ended = _newly_ended(before, after)
        if ended and all(map(_silent, ended)):
            return after, (), True
        if after.pending and all(each.status is ChallengeStatus.PASSED for each in ended):
            return after, (), True
        asked, mails = self.plan.ask(after, self.person(recorded), now=now)
        # What is pending beside a failure and could no longer settle the doubt is asked for nothing.
        waits = asked is not after or self.plan.still_settles(after)
        return asked, mails, waits

    def _reasons(self, step_up: StepUp, latest: Assessment) -> tuple[Reason, ...]:
        """The reasons of before, with what the answers add to them in log-odds."""
        terms = self.plan.terms()
        found = [each for each in latest.reasons if each.group != CHALLENGE_GROUP]
        for status, text in _TEXTS.items():
            of_status = [each for each in step_up.challenges if each.status is status and each.closed_by not in NEUTRAL]
            if of_status:
                ratio = ratio_of(of_status, step_up.doubt.groups, terms.table, terms.silence)
                found.append(Reason(f"CHALLENGE_{status.name}", CHALLENGE_GROUP, text, math.log(ratio)))
        return tuple(found)

    def _stage(
        self,
        work: UnitOfWork,
        before: StepUp,
        after: StepUp,
        *,
        recorded: Recorded,
        assessment: Assessment,
        mails: tuple[Mail, ...],
        actor: str,
    ) -> None:
        now = assessment.decided_at
        steps = tuple(steps_between(before, after, now=now, actor=actor))
        work.step_ups.save(before, after, steps)
        work.mails.add(*mails)
        case = None
        if assessment.decision is not recorded.assessments[-1].decision:
            review = self.plan.policy().document.review
            case = open_its_case(work, recorded, assessment, review=review, new_id=self.new_id, now=now)
        view = looked_at(recorded, assessment, step_up=after, case=case).current
        events = changed(
            view, before=recorded.assessments[-1].decision, owner=recorded.owner, now=now, new_id=self.new_id
        )
        ended = [each for each in steps if each.what in {status.value for status in _TEXTS}]
        audit = AuditEntry(
            at=now,
            actor=actor,
            action="challenge.ended" if ended else "challenge.changed",
            subject=recorded.id,
            detail={
                "decision": assessment.decision.value,
                "challenges": [{"id": each.challenge_id, "status": each.what} for each in ended],
            },
        )
        marks = _marks_of(_newly_ended(before, after))
        for mark in sorted(marks):
            work.clusters.mark(recorded.signup_no, mark, at=now)
        last = recorded.assessments[-1]
        # Where a containment had made it, its release still finds what it made; but whoever failed, or gave up, what it
        # had asked for has answered for himself.
        if assessment.decision is last.decision and not (last.decision is Decision.STEP_UP and Mark.FAILED in marks):
            work.containments.stands_as(recorded.signup_no, last.id, assessment.id)
        expiries = self._expiries(before, after, view, now)
        work.ledger.append_assessment(
            recorded.signup_no, assessment, audit, (*expiries, *events), after=recorded.assessments[-1].id
        )

    def _expiries(self, before: StepUp, after: StepUp, view: DecisionView, now: datetime) -> tuple[Event, ...]:
        return tuple(
            Event(
                id=self.new_id(now),
                type=EventType.CHALLENGE_EXPIRED,
                owner=after.owner,
                subject=after.record_id,
                occurred_at=now,
                due_at=now,
                data={
                    "id": after.record_id,
                    "signup_id": view.signup_id,
                    "challenge": {"id": each.id, "method": each.method.value, "status": each.status.value},
                    "decision": None if view.assessment is None else view.assessment.decision.value,
                },
            )
            for each in _newly_ended(before, after)
            if each.status is ChallengeStatus.EXPIRED
        )


def _score(step_up: StepUp, standing: Standing) -> float | None:
    score = step_up.doubt.score
    return None if score is None else probability_of(odds_of(score) * standing.ratio)


def _marks_of(ended: Sequence[Challenge]) -> set[Mark]:
    """What the neighbours learn of it: results are evidence on the identifiers minutes after a sign-up."""
    held = {ChallengeStatus.PASSED: Mark.PASSED, ChallengeStatus.FAILED: Mark.FAILED}
    held[ChallengeStatus.ABANDONED] = Mark.FAILED
    return {held[each.status] for each in ended if each.status in held and each.closed_by not in NEUTRAL}


def _newly_ended(before: StepUp, after: StepUp) -> list[Challenge]:
    over = {each.id for each in before.challenges if not each.pending}
    return [each for each in after.challenges if not each.pending and each.id not in over]


def _silent(challenge: Challenge) -> bool:
    """Whether it ended because nobody answered."""
    return challenge.status in {ChallengeStatus.EXPIRED, ChallengeStatus.ABANDONED} and (
        challenge.closed_by not in NEUTRAL
    )
