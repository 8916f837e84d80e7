"""The overview's counts in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from service.storage.memory.shelves import Shelves
from service.usecases.ports_figures import DayCount


class MemoryFigures:
    """See ``service.usecases.ports_figures.Figures``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def decisions_by_day(self, *, since: datetime) -> Sequence[DayCount]:
        """See the port."""
        with self._shelves.lock:
            recorded = [kept.recorded() for kept in self._shelves.signups.values()]
        counted = Counter(
            (
                each.recorded_at.date(),
                each.signup.account_type,
                each.assessments[0].decision,
                None if each.assessments[0].model is None else each.assessments[0].model.version,
                each.assessments[0].policy_version,
            )
            for each in recorded
            if each.assessments and each.recorded_at >= since
        )
        return tuple(DayCount(*parts, count) for parts, count in sorted(counted.items(), key=lambda item: str(item[0])))
