"""Daily counts in memory: the pasts of identifiers, rolled up as the service's worker does."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from models.linkage.velocity import DAY_US, PAST_DAYS


class DailyCounts:
    """How many links each key had on each UTC day, as of the last roll-up. Days are counted from 1970."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Sequence[Hashable]]] = []
        self._counts: dict[Hashable, dict[int, int]] = {}
        self._days: set[int] = set()
        self._until_day = 0
        # Every sign-up of a day reads the same pasts: they are added up once.
        self._sums: dict[Hashable, int] = {}
        self._sums_day = -1
        self._observed: dict[int, int] = {}

    def add(self, recorded_us: int, occurred_us: int, keys: Sequence[Hashable]) -> None:
        """A sign-up was recorded with links on these keys; it counts from the next roll-up on."""
        if recorded_us >= self._until_day * DAY_US and occurred_us >= 0:
            self._waiting.append((recorded_us, occurred_us // DAY_US, keys))

    def roll_up(self, before_day: int) -> None:
        """Count everything recorded before a day; a day that is rolled up already changes nothing."""
        if before_day <= self._until_day:
            return
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            recorded_us, day, keys = each
            if recorded_us >= before_day * DAY_US:
                self._waiting.append(each)
                continue
            self._days.add(day)
            for key in keys:
                counts = self._counts.setdefault(key, {})
                counts[day] = counts.get(day, 0) + 1
        self._until_day = before_day
        self._sums_day = -1
        self._observed.clear()

    def past(self, key: Hashable, today: int) -> int:
        """The key's links in the days before ``today`` that a past looks back on."""
        if today != self._sums_day:
            self._sums.clear()
            self._sums_day = today
        known = self._sums.get(key)
        if known is None:
            counts = self._counts.get(key, {})
            known = sum(count for day, count in counts.items() if today - PAST_DAYS <= day < today)
            self._sums[key] = known
        return known

    def observed_days(self, today: int) -> int:
        """How many of those days were observed, from the first on which anybody signed up."""
        known = self._observed.get(today)
        if known is None:
            first_day = next((day for day in range(today - PAST_DAYS, today) if day in self._days), None)
            known = observed_days(first_day=first_day, until_day=self._until_day, today=today)
            self._observed[today] = known
        return known


def observed_days(*, first_day: int | None, until_day: int | None, today: int) -> int:
    """The observed days of a past.

    Args:
        first_day: the first of the days before ``today`` on which anybody signed up, as far as rolled up.
        until_day: the day before which everything recorded is rolled up.
        today: the day of the sign-up being judged.
    """
    if first_day is None or until_day is None:
        return 0
    return max(0, min(until_day, today) - first_day)
