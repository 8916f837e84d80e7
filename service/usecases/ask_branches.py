"""Ask branches: accounts that hang through others on those who fell are asked for a proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.decision import Assessment, Decision, Reason
from service.usecases.branches import HANGS_ON_BANNED, HANGS_ON_CONTAINED, Hanging
from service.usecases.faster_others import leaving_to_others
from service.usecases.judge import Judge
from service.usecases.ports import Begin, Recorded
from service.usecases.second_look import stands_as_decided
from service.usecases.tell_consequence import TellConsequence

BATCH = 100
"""Accounts of one transaction."""


@dataclass(frozen=True, slots=True)
class AskBranches:
    """Asks accounts that were let in by the first decision, and of which nothing was decided since."""

    begin: Begin
    judge: Judge
    tell: TellConsequence

    def __call__(self, hanging: Hanging, now: datetime) -> int:
        """Ask these; of how many the decision is another one now."""
        on_contained = self._batches(hanging.on_contained, HANGS_ON_CONTAINED, now)
        return on_contained + self._batches(hanging.on_banned, HANGS_ON_BANNED, now)

    def _batches(self, numbers: Sequence[int], why: Reason, now: datetime) -> int:
        return leaving_to_others(lambda some: self._ask(some, why, now), numbers, batch=BATCH)

    def _ask(self, numbers: Sequence[int], why: Reason, now: datetime) -> int:
        told = 0
        with self.begin() as work:
            for recorded in work.ledger.several(numbers):
                if stands_as_decided(recorded) and not _is_exempt(recorded, why):
                    assessment = self._asked(recorded.assessments[-1], why, now)
                    because = {"after": "ban_of_another" if why is HANGS_ON_BANNED else "containment_of_others"}
                    told += self.tell(work, recorded, assessment, because=because, now=now) is not None
            work.commit()
        return told

    def _asked(self, before: Assessment, why: Reason, now: datetime) -> Assessment:
        """It shares nothing with those who fell itself, so that looking at it again would show nothing new."""
        return replace(
            before,
            id=self.judge.new_id(now),
            decided_at=now,
            decision=Decision.STEP_UP,
            reasons=(*before.reasons, why),
            grant=None,
        )


def _is_exempt(recorded: Recorded, why: Reason) -> bool:
    """The exempt list lets in whoever touches no ban and nothing that is contained."""
    return why is HANGS_ON_BANNED and any(hit.vouches for hit in recorded.assessments[-1].hits)
