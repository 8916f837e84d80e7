"""Connections between parts that do not know each other: verdicts become outcomes, pieces and pleas become cases, and
outcomes are known to whoever asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.signals.signals import derive_signals
from service.domain.case import CaseKind, CaseState
from service.domain.containment import WORKER
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.outcome import REVIEWER, Grade, Label, Statement, standing_of
from service.domain.policy import Policy
from service.domain.verdict import Verdict
from service.usecases.ask_again import AskAgain
from service.usecases.decide_by_person import AskMore, VerdictOutcome
from service.usecases.judge import Judge
from service.usecases.known_outcomes import KnownLabel, SignupKey
from service.usecases.open_case import appeal_case, appeal_subject, judged_by, new_case
from service.usecases.plan_step_up import PlanStepUp
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_cases import Note
from service.usecases.ports_outcomes import SignupRef
from service.usecases.ports_step_up import Appeal
from service.usecases.read_signup import challenge_views
from service.usecases.record_outcome import say
from service.usecases.step_up_methods import Person
from service.usecases.step_up_page import ACTOR as PERSON
from service.usecases.views import ChallengeView
from service.usecases.workers_cases import WorkersCase

_SAID = {Verdict.APPROVE: Label.LEGITIMATE, Verdict.REJECT: Label.FRAUD}


@dataclass(frozen=True, slots=True)
class VerdictsSpeak:
    """A verdict is an outcome with a source of its own; taking it back undoes what it did.

    All verdicts are of the one source: what another one had said that stands is said again.
    """

    policy: Callable[[], Policy]
    new_id: Callable[[datetime], str]

    def __call__(self, work: UnitOfWork, outcome: VerdictOutcome) -> None:
        """See ``TellOutcome``."""
        label, code, at = _SAID.get(outcome.verdict), outcome.reason_code, outcome.at
        if outcome.withdrawn:
            said = next((each for each in outcome.standing if each.verdict in _SAID), None)
            label = Label.UNKNOWN if said is None else _SAID[said.verdict]
            code, at = (code, at) if said is None else (said.reason_code, said.at)
        if label is None:
            return
        recorded = outcome.recorded
        say(
            work,
            SignupRef(recorded.signup_no, recorded.id, recorded.owner, recorded.signup.signup_id),
            Statement(label, REVIEWER, code, 1.0, at, Grade.B),
            lines=self.policy().document.clusters.outcomes,
            by=outcome.by,
            now=outcome.at,
            new_id=self.new_id,
        )


@dataclass(frozen=True, slots=True)
class CasesOfWorker:
    """Opens one case for a piece of a cluster, not one for every account in it.

    Its first reason is the worker's, and a note says what it is about. Who judged an account before is barred from
    judging it a second time.
    """

    policy: Callable[[], Policy]
    new_id: Callable[[datetime], str]
    clock: Callable[[], datetime]

    def open(self, work: UnitOfWork, case: WorkersCase) -> None:
        """See ``service.usecases.workers_cases.WorkersCases``."""
        recorded = next(iter(work.ledger.many(None, [case.record_id])), None)
        if recorded is None or work.cases.of_subject(case.owner, case.subject) is not None:
            return
        if case.again and any(
            each.subject == case.subject or each.state is not CaseState.RESOLVED
            for each in work.cases.of_record(case.record_id)
        ):
            return
        now = self.clock()
        # What a person concluded since raises no risk: the reasons are those of the last assessment by a model.
        judged = [each for each in recorded.assessments if each.vector is not None] or recorded.assessments
        opened = new_case(
            CaseKind.REVIEW,
            owner=case.owner,
            subject=case.subject,
            record_id=case.record_id,
            account_type=recorded.signup.account_type,
            assessment=judged[-1] if judged else None,
            review=self.policy().document.review,
            now=now,
            new_id=self.new_id,
            size=case.size,
            barred=judged_by(work, case.record_id) if case.again else (),
            because=(case.reason, case.group),
        )
        detail = {"kind": opened.kind.value, "queue": opened.queue, "reason": case.reason, **case.detail}
        work.cases.add(opened, AuditEntry(now, WORKER, "case.opened", opened.id, detail))
        if case.note:
            work.cases.add_note(opened.id, Note(now, WORKER, case.note))


@dataclass(frozen=True, slots=True)
class PleasBecomeCases:
    """Whoever asks for a human on the hosted page gets one: a case with what they wrote; one at a time."""

    policy: Callable[[], Policy]
    new_id: Callable[[datetime], str]

    def __call__(self, work: UnitOfWork, appeal: Appeal) -> None:
        """Stage the case in the plea's own transaction."""
        case = work.cases.of_subject(appeal.owner, appeal_subject(appeal.record_id))
        if case is None:
            recorded = work.ledger.get(None, appeal.record_id)
            if recorded is None:
                return
            review = self.policy().document.review
            case = appeal_case(work, recorded, review=review, now=appeal.at, new_id=self.new_id)
            opened: dict[str, object] = {"kind": case.kind.value, "queue": case.queue}
            work.cases.add(case, AuditEntry(appeal.at, PERSON, "case.opened", case.id, opened))
        missing = None if appeal.institution is None else f"My institution is missing: {appeal.institution}"
        for written in (appeal.message, missing):
            if written is not None:
                work.cases.add_note(case.id, Note(appeal.at, PERSON, written))


@dataclass(frozen=True, slots=True)
class RecordedOutcomes:
    """What is known of sign-ups by their recorded outcomes; see ``service.usecases.known_outcomes.KnownOutcomes``."""

    begin: Begin
    policy: Callable[[], Policy]

    def __call__(self, signups: Sequence[SignupKey]) -> Mapping[str, KnownLabel]:
        """The labels that stand, by the record's id."""
        precedence = self.policy().document.clusters.outcomes.precedence
        known = {}
        with self.begin() as work:
            refs = (work.outcomes.signup(each.owner, each.id) for each in signups)
            numbers = {ref.signup_no: ref.id for ref in refs if ref is not None}
            outcomes = work.outcomes.of_many(list(numbers))
        for signup_no, of_signup in outcomes.items():
            standing = standing_of(of_signup, precedence)
            if standing is not None and standing.said.label is not Label.UNKNOWN:
                known[numbers[signup_no]] = KnownLabel(standing.said.label.value)
        return known


def asking_more(plan: PlanStepUp, judge: Judge) -> AskMore:
    """What a reviewer's ``ask_more`` asks of the person: what the evidence calls for, as at the sign-up.

    Raises (from the result):
        ConflictError: nothing that could be asked would settle the doubt.
    """
    again = AskAgain(plan)

    def ask(work: UnitOfWork, recorded: Recorded, now: datetime) -> tuple[ChallengeView, ...]:
        if not recorded.assessments:
            return ()
        person = Person(recorded.signup, derive_signals(recorded.signup, judge.reference))
        # A proof is wanted whatever was decided; the doubt is that of the last assessment that a model made.
        judged = next((each for each in reversed(recorded.assessments) if each.vector), recorded.assessments[-1])
        _, step_up = again(work, person, replace(judged, decision=Decision.STEP_UP), recorded, now=now)
        if step_up is None or not step_up.pending:
            raise ConflictError("No proof that this person can give would settle the doubt; decide without one.")
        return challenge_views(step_up)

    return ask
