"""Tend the queue while nobody looks: cases whose lease has ended go back, those that wait too long get louder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.case import Case
from service.domain.errors import ConflictError
from service.usecases.ports import AuditEntry, Begin

BATCH = 500
"""Cases a round and job: a second's work; the rest waits for the next round."""

AGAIN_AFTER = timedelta(hours=4)
"""A case that is still waiting gets louder again after this long."""

ACTOR = "gatehouse"


@dataclass(frozen=True, slots=True)
class TendCases:
    """The worker's two jobs on cases. Neither ever decides one."""

    begin: Begin

    def give_back(self, now: datetime) -> int:
        """Return claimed cases whose lease has ended; how many."""
        with self.begin() as work:
            lapsed = work.cases.lapsed(now=now, limit=BATCH)
        return sum(self._change(case, case.released(), "case.lease_ended", now, holder=case.holder) for case in lapsed)

    def make_louder(self, now: datetime) -> int:
        """Move cases up that are overdue; how many."""
        with self.begin() as work:
            quiet = work.cases.too_quiet(now=now, limit=BATCH)
        return sum(
            self._change(
                case,
                case.louder(now=now, again_after=AGAIN_AFTER),
                "case.overdue",
                now,
                loudness=case.loudness + 1,
                reserved_for=case.reserved_for,
            )
            for case in quiet
        )

    def _change(self, case: Case, changed: Case, action: str, now: datetime, **detail: object) -> bool:
        with self.begin() as work:
            work.cases.update(changed)
            work.audit.add(AuditEntry(now, ACTOR, action, case.id, detail))
            try:
                work.commit()
            except ConflictError:
                # Somebody moved the case in between: that is what the job wanted to happen.
                return False
        return True
