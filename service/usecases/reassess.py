"""Reassess: score a recorded sign-up again with today's history, model and policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.signals.signals import derive_signals
from service.domain.caller import Caller
from service.domain.errors import ConflictError, NotFoundError
from service.usecases.decision_events import changed
from service.usecases.judge import Judge
from service.usecases.ports import AuditEntry, Begin
from service.usecases.read_signup import signup_view
from service.usecases.views import SignupView


@dataclass(frozen=True, slots=True)
class Reassess:
    """A new entry in the history of a sign-up, never an overwrite."""

    begin: Begin
    judge: Judge

    def __call__(self, record_id: str, *, caller: Caller, now: datetime) -> SignupView:
        """Judge the sign-up at ``now`` and append the assessment.

        Everything recorded by now counts, later sign-ups too; the sign-up's own links do not.

        Raises:
            NotFoundError: the caller recorded no such sign-up.
            ConflictError: it was only recorded, never decided.
        """
        with self.begin() as work:
            recorded = work.ledger.get(caller.owner, record_id)
            if recorded is None:
                raise NotFoundError("There is no such sign-up.")
            if recorded.signup.record_only:
                raise ConflictError("This sign-up was only recorded; there is no decision to look at again.")
            signals = derive_signals(recorded.signup, self.judge.reference)
            identifiers = identifiers_of(recorded.signup, signals)
            linkage = work.ledger.linkage_again(recorded, identifiers, now=now)
            assessment = self.judge(Facts(signup=recorded.signup, signals=signals, linkage=linkage), now=now)
            audit = AuditEntry(
                at=now,
                actor=f"key:{caller.key_id}",
                action="signup.reassessed",
                subject=record_id,
                detail={"decision": assessment.decision.value, "policy_version": assessment.policy_version},
            )
            view = signup_view(recorded, (*recorded.assessments, assessment))
            before = recorded.assessments[-1].decision if recorded.assessments else None
            events = changed(view.current, before=before, owner=recorded.owner, now=now, new_id=self.judge.new_id)
            outcomes = tuple(work.outcomes.of(recorded.signup_no))
            work.ledger.append_assessment(recorded.signup_no, assessment, audit, events)
            work.commit()
        return replace(view, outcomes=outcomes)
