"""Give decisions back: what a containment had changed is as it was once it is released."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from models.linkage.marks import Mark
from service.domain.containment import Task
from service.domain.decision import Assessment, Decision, Reason
from service.domain.occasion import CHALLENGE_GROUP
from service.domain.outcome import REVIEWER, Label, newest_of
from service.usecases.branches import HANGS_ON_CONTAINED
from service.usecases.decide_by_person import REVIEW_GROUP, without_taken_back
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.ports import Recorded, UnitOfWork

RELEASED = Reason("CONTAINMENT_RELEASED", "rule", "The containment that had changed the decision was released.")


@dataclass(frozen=True, slots=True)
class Made:
    """What containments made of some sign-ups.

    Attributes:
        undone: by the assessment that one made which is released, the one before it.
        standing: the assessments that those made which stand.
        banned_at: by sign-up, when the newest known fraud of its cluster became known.
        rejected_at: by sign-up that is a known fraud, when a reviewer called it one.
        heard: by sign-up, how many outcomes it had when all of this was read.
    """

    undone: Mapping[str, str]
    standing: Collection[str]
    banned_at: Mapping[int, datetime]
    rejected_at: Mapping[int, datetime]
    heard: Mapping[int, int]

    @classmethod
    def of(cls, work: UnitOfWork, signup_nos: Collection[int]) -> Self:
        """What they made of these."""
        cluster_of = work.clusters.clusters_of(sorted(signup_nos))
        newest = work.clusters.newest_bans(set(cluster_of.values()))
        outcomes = work.outcomes.of_many(sorted(signup_nos))
        banned = [each.signup_no for each in work.clusters.several(sorted(outcomes)) if each.label is Mark.BANNED]
        said = {number: newest_of(outcomes[number], REVIEWER) for number in banned}
        return cls(
            undone=work.containments.undone(signup_nos),
            standing=work.containments.made(signup_nos),
            banned_at={number: newest[each] for number, each in cluster_of.items() if each in newest},
            rejected_at={
                number: each.recorded_at
                for number, each in said.items()
                if each is not None and each.said.label is Label.FRAUD
            },
            heard={number: len(outcomes.get(number, ())) for number in signup_nos},
        )


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The assessment that follows a release; ``copy_of`` is the earlier one that it says again, if it does."""

    assessment: Assessment
    copy_of: str | None = None


def given_back(
    judge: Judge, work: UnitOfWork, task: Task, recorded: Recorded, *, made: Made, now: datetime
) -> GivenBack | None:
    """The assessment that follows a release; none where somebody else has decided since, or nothing is to be undone.

    It is what stood before, or what today's history makes of somebody whom the hold alone had kept out, or who was
    looked at again meanwhile. A verdict that rejects whoever is denied already changes no decision, but it is one;
    a verdict that was taken back is none.

    Args:
        made: what containments made of the sign-up.
    """
    recorded = replace(recorded, assessments=without_taken_back(recorded.assessments))
    if _rejected_since(task, recorded, made):
        return None
    return _undone(judge, work, task, recorded, made=made, now=now)


def _undone(
    judge: Judge, work: UnitOfWork, task: Task, recorded: Recorded, *, made: Made, now: datetime
) -> GivenBack | None:
    if task.made_id is None:
        if recorded.assessments[-1].id in made.standing:
            return None  # that one gives it back when it is released in turn
        milder = _touched_no_more(judge, work, recorded, recorded.assessments[-1], now)
        return None if milder is None else GivenBack(milder)
    if recorded.assessments[-1].id != task.made_id:
        return _looked_at_since(judge, work, task.made_id, recorded, now)
    before_id = task.before_id
    while before_id is not None and before_id in made.undone:
        # Another containment had made it, and is released too.
        before_id = made.undone[before_id]
    before = next((each for each in recorded.assessments if each.id == before_id), None)
    if before is None:
        return None
    # What stood before may itself have come of touching what was held.
    other = _touched_no_more(judge, work, recorded, before, now) or _banned_since(
        judge, work, task, recorded, before, made=made, now=now
    )
    if other is not None:
        return GivenBack(other)
    copy = replace(before, id=judge.new_id(now), decided_at=now, reasons=(*before.reasons, RELEASED))
    return GivenBack(copy, copy_of=before.id)


def _rejected_since(task: Task, recorded: Recorded, made: Made) -> bool:
    """Whether a reviewer rejected whom a containment denies, or turned away at the door, after it had."""
    denied = next((each for each in recorded.assessments if each.id == task.made_id), recorded.assessments[-1])
    rejected_at = made.rejected_at.get(recorded.signup_no)
    return rejected_at is not None and rejected_at >= denied.decided_at


def _banned_since(
    judge: Judge, work: UnitOfWork, task: Task, recorded: Recorded, stood: Assessment, *, made: Made, now: datetime
) -> Assessment | None:
    """Of whoever is given back after a further ban in his cluster, a harsher decision than stood if there is one now.

    Whoever released it knew of the bans by then; who looked back from this one may have found him contained.
    """
    banned_at = made.banned_at.get(recorded.signup_no)
    if banned_at is None or task.released_at is None or banned_at <= task.released_at:
        return None
    again = look_again(work, judge, recorded, now=now)
    return again if again.decision.severity > stood.decision.severity else None


def _looked_at_since(
    judge: Judge, work: UnitOfWork, made_id: str, recorded: Recorded, now: datetime
) -> GivenBack | None:
    """Of whoever was looked at again while contained, and decided alike, a milder decision if that look gives one now.

    What a person decided since stands, and so does whatever is another decision.
    """
    ids = [each.id for each in recorded.assessments]
    if made_id not in ids:
        return None
    made, *since = recorded.assessments[ids.index(made_id) :]
    alike = all(each.decision is made.decision for each in since)
    by_a_person = any(reason.group == REVIEW_GROUP for each in since for reason in each.reasons)
    looked_at = any(each.vector is not None for each in since)
    if not alike or by_a_person or not looked_at:
        return None
    again = look_again(work, judge, recorded, now=now)
    if again.decision.severity >= made.decision.severity:
        return None
    return GivenBack(replace(again, reasons=(*again.reasons, RELEASED)))


def _touched_no_more(
    judge: Judge, work: UnitOfWork, recorded: Recorded, stood: Assessment, now: datetime
) -> Assessment | None:
    """Of whoever was asked or denied for touching what was held, or for hanging on it through others, a milder decision
    if today's history gives one.

    Who is in review waits for a person, who sees that it was released; who failed a proof has answered for himself.
    """
    touched = stood.linkage.get("cluster", {}).get("contained", 0) > 0 or HANGS_ON_CONTAINED in stood.reasons
    answered = any(each.group == CHALLENGE_GROUP for each in stood.reasons)
    if not touched or stood.decision is Decision.REVIEW or answered:
        return None
    again = look_again(work, judge, recorded, now=now)
    if again.decision.severity >= stood.decision.severity:
        return None
    return replace(again, reasons=(*again.reasons, RELEASED))
