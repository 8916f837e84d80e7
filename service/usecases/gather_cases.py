"""Gather cases: of a cluster one stands in the queue, so that a flood of one operator hides nobody honest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.case import Case, CaseState
from service.domain.containment import WORKER
from service.usecases.ports import AuditEntry, Begin
from service.usecases.ports_gathering import OfCluster, Placed

BATCH = 500
"""Cases of each sort a round: some tenths of a second's work; the rest waits for the next round."""
NAMED = 20
"""Cases that an entry of the audit record names; it counts the others."""


@dataclass(frozen=True, slots=True)
class GatherCases:
    """The worker's job. It decides no case, and takes none out of anybody's hands.

    A queue has one case in front for a cluster: reviewers who do not work in a queue must not have one of theirs
    hidden behind a case in it. What two workers place at the same moment may stand behind something that is no front
    any more; the next round mends it.
    """

    begin: Begin

    def __call__(self, now: datetime) -> int:
        """Place what is not gathered yet, and what stands behind a case that left the queue; how many."""
        with self.begin() as work:
            waiting = [*work.gathering.ungathered(limit=BATCH), *work.gathering.left_behind(limit=BATCH)]
            fronts = work.gathering.fronts({each.cluster for each in waiting})
            placed = list(_places(waiting, fronts))
            wrong = work.gathering.miscounted(limit=BATCH)
            # Whoever is stood behind counts one more, and whoever was left one less.
            moved = {name for each in placed for name in (each.behind, each.case.behind) if name is not None}
            work.gathering.place(placed, recounted={*moved, *wrong})
            work.audit.add(*_told(placed, now))
            work.commit()
        return len(placed) + len(wrong)


def _places(waiting: Sequence[OfCluster], fronts: Sequence[OfCluster]) -> Iterator[Placed]:
    """Where each goes; of fronts that clusters brought together when they became one, one is left."""
    new, standing = _by_place(waiting), _by_place(fronts)
    for place, cases in new.items():
        there = standing.get(place, [])
        first = min(there, key=_standing) if there else min(cases, key=_urgency)
        late = [case for case in there if case.id != first.id and _is_free(case)]
        for case in (*cases, *late):
            yield Placed(case, place[2], None if case.id == first.id else first.id)


def _told(placed: Sequence[Placed], now: datetime) -> Iterator[AuditEntry]:
    """An entry for every front behind which cases left the queue."""
    behind: dict[str, list[str]] = defaultdict(list)
    for each in placed:
        if each.behind is not None:
            behind[each.behind].append(each.case.id)
    for front, cases in behind.items():
        yield AuditEntry(now, WORKER, "cases.gathered", front, {"cases": len(cases), "first": cases[:NAMED]})


def _by_place(several: Sequence[OfCluster]) -> dict[tuple[str, str, int], list[Case]]:
    places: dict[tuple[str, str, int], list[Case]] = defaultdict(list)
    for each in several:
        places[each.case.owner, each.case.queue, each.cluster].append(each.case)
    return places


def _urgency(case: Case) -> tuple[float, datetime, str]:
    """The highest risk first, then the oldest."""
    return -case.risk, case.opened_at, case.id


def _standing(case: Case) -> tuple[bool, float, datetime, str]:
    """What somebody has in hand stays in front."""
    return _is_free(case), *_urgency(case)


def _is_free(case: Case) -> bool:
    return case.state is CaseState.OPEN and case.reserved_for is None
