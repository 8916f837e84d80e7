"""Without bans: what is left of a decision once no ban that it rested on stands any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from service.domain.decision import Assessment, Decision
from service.domain.likeness import LIKE_BANNED
from service.domain.watch import WATCHED
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.ports import Recorded, UnitOfWork
from service.usecases.second_look import AFTER_SECOND_LOOK

HARSH = (Decision.DENY, Decision.STEP_UP)
"""What is undone of what bans make of accounts: whoever is in review waits for a person."""

_OF_HABITS = frozenset({WATCHED, LIKE_BANNED})

_NOBODY_DRAWS = 1.0


@dataclass(frozen=True, slots=True)
class WithoutBans:
    """Goes back from the last assessment of an account past those that followed from bans.

    Several may have made it harsher one after the other, each in a way of its own: one when the account came, one by a
    second look, one by a look back.

    Attributes:
        after: what an assessment followed from, by its id, where it followed from something else than a sign-up.
    """

    judge: Judge
    work: UnitOfWork
    recorded: Recorded
    after: Mapping[object, object]
    now: datetime

    @classmethod
    def of(cls, judge: Judge, work: UnitOfWork, recorded: Recorded, now: datetime) -> Self:
        """Of one account, with what the audit record says of its assessments."""
        most = len(recorded.assessments)
        entries = work.audit.entries(subject=recorded.id, action="signup.reassessed", limit=most)
        after = {entry.detail.get("assessment"): entry.detail.get("after") for entry in entries}
        return cls(judge, work, recorded, after, now)

    def __call__(self) -> Assessment | None:
        """What stood before the bans, or what today's history makes of somebody who came after one; if it is milder."""
        left = self._left_of(self.recorded.assessments)
        milder = left is not None and left.decision.severity < self.recorded.assessments[-1].decision.severity
        return left if milder else None

    def _left_of(self, history: Sequence[Assessment]) -> Assessment | None:
        """What is left of the last of these; ``None`` where it stands as it is."""
        if not history or history[-1].decision not in HARSH or _is_for_habits(history[-1]):
            return None
        last, earlier = history[-1], history[:-1]
        if not earlier:
            return self._as_if_it_came_now(last)
        after = self.after.get(last.id)
        if after == "ban_of_another":
            return self._left_of(earlier) or earlier[-1]
        if after == AFTER_SECOND_LOOK:
            # It saw more than the ban: what is left without it stands.
            again = self._as_if_it_came_now(last)
            return again if again is None or again.decision.severity > earlier[-1].decision.severity else earlier[-1]
        return None

    def _as_if_it_came_now(self, last: Assessment) -> Assessment | None:
        bans = last.linkage.get("bans", {})
        touched = any(bans.values()) or last.linkage.get("cluster", {}).get("frauds", 0) > 0
        if not touched:
            return None
        # A draw would let in at random what the look has just found.
        again = look_again(self.work, replace(self.judge, chance=lambda: _NOBODY_DRAWS), self.recorded, now=self.now)
        return again if again.decision.severity < last.decision.severity else None


def _is_for_habits(last: Assessment) -> bool:
    """Whether it may rest on the habits of several banned accounts, from which one that is corrected takes nothing."""
    return bool(last.linkage.get("bans", {}).get("triples_72h", 0)) or not _OF_HABITS.isdisjoint(last.rules)
