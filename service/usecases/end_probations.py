"""End probations whose time is over and of which nothing bad became known, and tell the sign-up flow."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.decision import Reason, instant_after
from service.domain.errors import ConflictError
from service.domain.grant import Tier
from service.usecases.decision_events import granted
from service.usecases.known_outcomes import KnownLabel, KnownOutcomes, SignupKey, nothing_known
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_probations import Probation
from service.usecases.read_signup import signup_view

BATCH = 200
"""A round does so many: some seconds of work, so that what else the worker promises is not late."""

_ENDED = Reason("PROBATION_ENDED", "grant", "The probation ended, and no fraud had become known.")


@dataclass(frozen=True, slots=True)
class EndProbations:
    """A job of the worker: safe to run again, and beside itself."""

    begin: Begin
    new_id: Callable[[datetime], str]
    outcomes: KnownOutcomes = nothing_known

    def __call__(self, now: datetime) -> int:
        """End what is due at ``now``; how many accounts got a full grant."""
        with self.begin() as work:
            due = work.probations.due(now, limit=BATCH)
        return sum(self._end(each, now) for each in due)

    def _end(self, probation: Probation, now: datetime) -> bool:
        """End one; true when the account has a full grant from now on."""
        with self.begin() as work:
            recorded = next(iter(work.ledger.many(None, [probation.record_id])), None)
            if recorded is None:
                return self._given_up(work, probation, now)
            last = recorded.assessments[-1]
            work.probations.end(probation.signup_no, at=now)
            key = SignupKey(recorded.id, recorded.owner, recorded.signup.signup_id)
            fraud = self.outcomes([key]).get(recorded.id) is KnownLabel.FRAUD
            lifted = not fraud and last.granted is not None and last.granted.tier is Tier.PROBATION
            if lifted:
                # A new entry of the history without a vector: nothing was looked at again.
                full = replace(
                    last,
                    id=self.new_id(now),
                    decided_at=instant_after(last, now),
                    grant=None,
                    vector=None,
                    reasons=(_ENDED,),
                    rules=(),
                )
                full = replace(full, silent_rules=(), failed_rules=(), hits=(), explored=None)
                view = signup_view(recorded, (*recorded.assessments, full)).current
                audit = AuditEntry(now, "worker", "probation.ended", recorded.id, {})
                events = granted(view, owner=recorded.owner, now=now, new_id=self.new_id)
                work.ledger.append_assessment(recorded.signup_no, full, audit, events, after=last.id)
            try:
                work.commit()
            except ConflictError:
                return False  # another worker was faster, or somebody else decided: it is due in the next round
        return lifted

    @staticmethod
    def _given_up(work: UnitOfWork, probation: Probation, now: datetime) -> bool:
        """End the probation of a record that does not open, and give nothing: it would be due in every round."""
        work.probations.end(probation.signup_no, at=now)
        work.audit.add(AuditEntry(now, "worker", "probation.given_up", probation.record_id, {}))
        with contextlib.suppress(ConflictError):
            work.commit()
        return False
