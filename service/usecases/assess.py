"""Assess a sign-up: the one straight path from a parsed sign-up to a committed record and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.linkage.company import Company
from models.signals.signals import derive_signals
from models.signup import Signup
from service.domain.caller import Caller
from service.domain.cluster import cluster_id
from service.domain.errors import ConflictError
from service.usecases.after_bans_in_force import AfterBansInForce
from service.usecases.decision_events import decided
from service.usecases.judge import Judge, LookOut, look_out_for_nobody
from service.usecases.open_case import case_of_decision
from service.usecases.plan_step_up import PlanStepUp
from service.usecases.ports import AlreadyRecordedError, AuditEntry, Begin, NewRecord
from service.usecases.ports_idempotency import Fingerprint, IdempotencyClaim, StoredAnswer
from service.usecases.read_signup import challenge_views
from service.usecases.step_up_methods import Person
from service.usecases.stopwatch import NULL_STOPWATCH, Stopwatch
from service.usecases.views import Answer, ClusterView, DecisionView

CREATED = 201
REPLAYED = 200


@dataclass(frozen=True, slots=True)
class Assess:
    """Score a sign-up, decide, and record both in one transaction."""

    begin: Begin
    judge: Judge
    plan: PlanStepUp
    render: Callable[[DecisionView], bytes]
    new_id: Callable[[datetime], str]
    after_bans: AfterBansInForce | None = None

    def __call__(
        self,
        signup: Signup,
        *,
        caller: Caller,
        now: datetime,
        fingerprint: Fingerprint,
        claim: IdempotencyClaim | None = None,
        stopwatch: Stopwatch = NULL_STOPWATCH,
    ) -> Answer:
        """Assess and record ``signup``, or give the answer it got before.

        Args:
            signup: what the caller sent.
            caller: who asks; ``signup_id`` is unique per owner.
            now: the instant of recording.
            fingerprint: keyed digest of what was sent; the same ``signup_id`` with another one is refused.
            claim: the Idempotency-Key this record answers, already claimed.
            stopwatch: told when each step of the path ends.

        Raises:
            ConflictError: the ``signup_id`` is recorded with another body.
            UnavailableError: the database cannot be used; nothing was decided.
        """
        signals = derive_signals(signup, self.judge.reference)
        identifiers = identifiers_of(signup, signals)
        stopwatch.lap("signals")
        with self.begin() as work:
            look = work.ledger.look(caller.owner, signup.signup_id, identifiers, now=signup.occurred_at)
            stopwatch.lap("look")
            if look.answer is not None:
                return _again(look.answer, fingerprint)
            record_id = self.new_id(now)
            facts = Facts(signup=signup, signals=signals, linkage=look.linkage)
            assessment, step_up = None, None
            if not signup.record_only:
                look_out: LookOut = look_out_for_nobody
                if self.after_bans is not None:
                    look_out = self.after_bans.look_out_for(work, identifiers, now=now)
                assessment = self.judge(facts, now=now, stopwatch=stopwatch, look_out=look_out)
            if assessment is not None:
                person = Person(signup, signals)
                assessment, step_up = self.plan(person, assessment, record_id=record_id, owner=caller.owner, now=now)
            case = case_of_decision(
                assessment,
                owner=caller.owner,
                record_id=record_id,
                account_type=signup.account_type,
                review=self.judge.policy().document.review,
                now=now,
                new_id=self.new_id,
            )
            view = DecisionView(
                id=record_id,
                signup_id=signup.signup_id,
                account_type=signup.account_type,
                record_only=signup.record_only,
                created_at=now,
                assessment=assessment,
                cluster=_cluster(look.linkage.company),
                challenges=challenge_views(None if step_up is None else step_up.step_up),
                case_id=None if case is None else case.id,
            )
            body = self.render(view)
            work.ledger.append(
                NewRecord(
                    id=record_id,
                    owner=caller.owner,
                    signup=signup,
                    fingerprint=fingerprint.newest,
                    recorded_at=now,
                    identifiers=identifiers,
                    assessment=assessment,
                    answer=body,
                    audit=_audit(caller, view, now),
                    claim=claim,
                    events=decided(view, owner=caller.owner, now=now, new_id=self.new_id),
                    clusters=look.linkage.company.clusters,
                    step_up=step_up,
                    case=case,
                )
            )
            stopwatch.lap("render")
            try:
                work.commit()
            except AlreadyRecordedError:
                return self._recorded_by_another(signup, caller, fingerprint)
            stopwatch.lap("write")
        return Answer(status=CREATED, body=body, replayed=False, view=view)

    def _recorded_by_another(self, signup: Signup, caller: Caller, fingerprint: Fingerprint) -> Answer:
        with self.begin() as work:
            look = work.ledger.look(caller.owner, signup.signup_id, (), now=signup.occurred_at)
        if look.answer is None:
            raise RuntimeError("bug: a sign-up that is already recorded has no stored answer")
        return _again(look.answer, fingerprint)


def _cluster(company: Company) -> ClusterView | None:
    """The cluster as its newest member, this sign-up, finds it."""
    if not company.clusters:
        return None
    return ClusterView(cluster_id(company.clusters[0]), company.size + 1, company.frauds)


def _again(answer: StoredAnswer, fingerprint: Fingerprint) -> Answer:
    if not fingerprint.matches(answer.fingerprint):
        raise ConflictError("This signup_id is recorded with another body; send a new signup_id for a new attempt.")
    return Answer(status=REPLAYED, body=answer.body, replayed=True)


def _audit(caller: Caller, view: DecisionView, now: datetime) -> AuditEntry:
    detail: dict[str, object] = {}
    assessment = view.assessment
    if assessment is not None:
        detail = {"decision": assessment.decision.value, "policy_version": assessment.policy_version}
        if view.case_id is not None:
            detail["case_id"] = view.case_id
    return AuditEntry(
        at=now,
        actor=f"key:{caller.key_id}",
        action="signup.recorded" if assessment is None else "signup.assessed",
        subject=view.id,
        detail=detail,
    )
