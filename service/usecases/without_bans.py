"""Without bans: what is left of a decision once no ban that it rested on stands any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from service.domain.decision import Assessment, Decision
from service.domain.likeness import LIKE_BANNED
from service.domain.watch import WATCHED
from service.usecases.branches import HANGS_ON_BANNED
from service.usecases.decide_by_person import without_taken_back
from service.usecases.give_back import RELEASED
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.ports import AuditEntry, Recorded, UnitOfWork
from service.usecases.second_look import AFTER_SECOND_LOOK

HARSH = (Decision.DENY, Decision.STEP_UP)
"""What is undone of what bans make of accounts: whoever is in review waits for a person."""

_AFTER_BAN = "ban_of_another"
"""What a decision is said to have followed from that became harsher by a look back, or on a branch."""

_CONTAINMENT = "containment"
_OF_CONTAINMENTS = frozenset({_CONTAINMENT, "containment_of_others"})
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
        after = {entry.detail.get("assessment"): _cause(entry) for entry in entries}
        return cls(judge, work, recorded, after, now)

    def __call__(self) -> Assessment | None:
        """What stood before the bans, or what today's history makes of somebody who came after one; if it is milder."""
        # A verdict that was taken back is no decision of a person's.
        history = without_taken_back(self.recorded.assessments)
        while history and self._is_held(history[-1]):
            # What stood before is given back by the release: here only what that rested on is undone.
            history = history[:-1]
        return self._left_of(history)

    def _left_of(self, history: Sequence[Assessment]) -> Assessment | None:
        """What is left of the last of these; ``None`` where it stands as it is."""
        if not history or history[-1].decision not in HARSH or _is_for_habits(history[-1]):
            return None
        last, earlier = history[-1], history[:-1]
        if not earlier:
            return self._as_if_it_came_now(last)
        left, after = None, self.after.get(last.id)
        if after == _AFTER_BAN or self._is_held(last):
            left = self._left_of(earlier) or earlier[-1]
        elif after == AFTER_SECOND_LOOK:
            # It saw more than the ban: what is left without it stands.
            left = self._as_if_it_came_now(last)
            if left is not None and left.decision.severity <= earlier[-1].decision.severity:
                left = earlier[-1]
        elif after in _OF_CONTAINMENTS and _rests_on_bans(last):
            left = self._left_of(earlier)
        return left if left is not None and left.decision.severity < last.decision.severity else None

    def _is_held(self, assessment: Assessment) -> bool:
        """Whether a containment made it that was released since: beside one that stands nobody is asked about."""
        return self.after.get(assessment.id) in _OF_CONTAINMENTS and RELEASED not in assessment.reasons

    def _as_if_it_came_now(self, last: Assessment) -> Assessment | None:
        if not _rests_on_bans(last):
            return None
        # A draw would let in at random what the look has just found.
        again = look_again(self.work, replace(self.judge, chance=lambda: _NOBODY_DRAWS), self.recorded, now=self.now)
        return again if again.decision.severity < last.decision.severity else None


def _cause(entry: AuditEntry) -> object:
    return _CONTAINMENT if _CONTAINMENT in entry.detail else entry.detail.get("after")


def _rests_on_bans(assessment: Assessment) -> bool:
    touched = any(assessment.linkage.get("bans", {}).values())
    in_cluster = assessment.linkage.get("cluster", {}).get("frauds", 0) > 0
    return touched or in_cluster or HANGS_ON_BANNED in assessment.reasons


def _is_for_habits(last: Assessment) -> bool:
    """Whether it may rest on the habits of several banned accounts, from which one that is corrected takes nothing."""
    return bool(last.linkage.get("bans", {}).get("triples_72h", 0)) or not _OF_HABITS.isdisjoint(last.rules)
