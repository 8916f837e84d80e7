"""Give decisions back: what a containment had changed is as it was once it is released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from service.domain.containment import Task
from service.domain.decision import Assessment, Decision, Reason
from service.domain.occasion import CHALLENGE_GROUP
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.ports import Recorded, UnitOfWork

RELEASED = Reason("CONTAINMENT_RELEASED", "rule", "The containment that had changed the decision was released.")


def given_back(
    judge: Judge, work: UnitOfWork, task: Task, recorded: Recorded, *, undone: Mapping[str, str], now: datetime
) -> Assessment | None:
    """The assessment that follows a release; none where somebody else has decided since, or nothing is to be undone.

    Args:
        undone: what released containments made of the members; see ``Containments.undone``.
    """
    if task.made_id is None:
        return _touched_no_more(judge, work, recorded, now)
    if recorded.assessments[-1].id != task.made_id:
        return None
    before_id = task.before_id
    while before_id is not None and before_id in undone:
        # Another containment had made it, and is released too.
        before_id = undone[before_id]
    before = next((each for each in recorded.assessments if each.id == before_id), None)
    if before is None:
        return None
    return replace(before, id=judge.new_id(now), decided_at=now, reasons=(*before.reasons, RELEASED))


def _touched_no_more(judge: Judge, work: UnitOfWork, recorded: Recorded, now: datetime) -> Assessment | None:
    """Of whoever was asked or denied for touching what was held, a milder decision if today's history gives one.

    Who is in review waits for a person, who sees that it was released; who failed a proof has answered for himself.
    """
    last = recorded.assessments[-1]
    touched = last.linkage.get("cluster", {}).get("contained", 0) > 0
    if not touched or last.decision is Decision.REVIEW or any(each.group == CHALLENGE_GROUP for each in last.reasons):
        return None
    again = look_again(work, judge, recorded, now=now)
    if again.decision.severity >= last.decision.severity:
        return None
    return replace(again, reasons=(*again.reasons, RELEASED))
