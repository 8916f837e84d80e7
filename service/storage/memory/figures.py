"""The overview's counts in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from service.domain.challenge import Challenge, ChallengeStatus
from service.domain.decision import Decision
from service.storage.memory.shelves import Shelves
from service.usecases.ports_figures import ChallengeCount, CountryCount, DayCount, Funnel


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

    def decisions_by_country(self, *, since: datetime, most: int) -> Sequence[CountryCount]:
        """See the port."""
        with self._shelves.lock:
            recorded = [kept.recorded() for kept in self._shelves.signups.values()]
        wanted = [each for each in recorded if each.recorded_at >= since]
        newest = sorted(wanted, key=lambda each: each.recorded_at)[-most:]
        counted: Counter[tuple[str | None, Decision]] = Counter()
        for each in newest:
            if each.assessments:
                country = each.assessments[0].signals.get("identity", {}).get("country")
                counted[None if country is None else str(country), each.assessments[0].decision] += 1
        return tuple(CountryCount(*parts, count) for parts, count in sorted(counted.items(), key=str))

    def challenges(self, *, since: datetime) -> Sequence[ChallengeCount]:
        """See the port."""
        counted = Counter((each.method, each.status, each.opened) for _, each in self._asked(since))
        return tuple(ChallengeCount(*parts, count) for parts, count in sorted(counted.items()))

    def funnel(self, *, since: datetime) -> Funnel:
        """See the port."""
        asked = self._asked(since)
        return Funnel(
            asked=len({person for person, _ in asked}),
            opened=len({person for person, each in asked if each.opened}),
            passed=len({person for person, each in asked if each.status is ChallengeStatus.PASSED}),
        )

    def _asked(self, since: datetime) -> list[tuple[str, Challenge]]:
        with self._shelves.lock:
            every = [(person, each) for person, kept in self._shelves.step_ups.items() for each in kept.challenges]
        return [(person, each) for person, each in every if each.created_at >= since]
