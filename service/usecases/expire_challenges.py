"""Expire challenges: what nobody answered in time ends, and the sign-up flow is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.domain.errors import TakenError
from service.usecases.ports import Begin
from service.usecases.ports_step_up import StepUpMovedError
from service.usecases.settle_step_up import SettleStepUp

BATCH = 200


@dataclass(frozen=True, slots=True)
class ExpireChallenges:
    """One round; safe beside itself, because a step-up that another worker has changed is left to it.

    So is one whose sign-up somebody else decided on meanwhile: it is due in the next round too.
    """

    begin: Begin
    settle: SettleStepUp

    def __call__(self, now: datetime) -> int:
        """End what is past its time; how many challenges."""
        with self.begin() as work:
            due = work.step_ups.due(now=now, limit=BATCH)
        ended = 0
        for before in due:
            after = before.each(lambda each: each.expired(now))
            with self.begin() as work:
                recorded = next(iter(work.ledger.many(before.owner, [before.record_id])), None)
                if recorded is None:
                    continue
                self.settle(work, before, after, recorded=recorded, now=now, actor="gatehouse")
                try:
                    work.commit()
                except (StepUpMovedError, TakenError):
                    continue
            ended += sum(each.pending for each in before.challenges) - sum(each.pending for each in after.challenges)
        return ended
