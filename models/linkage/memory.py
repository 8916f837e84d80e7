"""The history in memory: the replay's counterpart of the store in SQL, number for number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any  # Any: a tuple of one entry a window, which mypy cannot count

from models.linkage.daily import DailyCounts
from models.linkage.history import Link
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import (
    AGED_KIND,
    DAY_US,
    DISTINCT_WINDOWS,
    NEVER_SEEN,
    OTHERS_WINDOW,
    PAST_KINDS,
    SATURATION,
    SEQUENCE_REACH,
    SEQUENCE_WINDOW,
    SYNCHRONY_KINDS,
    SYNCHRONY_WINDOW,
    Linkage,
    Velocity,
    Window,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_LENGTHS = tuple(window.value for window in Window)
_NEAR, _FAR, _FARTHEST = (list(Window).index(window) for window in DISTINCT_WINDOWS)
_OTHERS, _SYNCHRONY, _SEQUENCE = (
    list(Window).index(window) for window in (OTHERS_WINDOW, SYNCHRONY_WINDOW, SEQUENCE_WINDOW)
)

_KEPT = SATURATION + 1
"""One more than the limit stays, because a sign-up that is judged again excludes its own link."""

_Place = tuple[int, int]
"""(recorded µs, signup_no): what the links of an identifier are ordered by."""


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970, exactly (no floating point between the clock and a window's edge)."""
    return (instant - _EPOCH) // _MICROSECOND


class MemoryHistory:
    """A history in dictionaries, bounded per identifier by the saturation limit."""

    def __init__(self) -> None:
        self._links: dict[tuple[IdentifierKind, str], _Links] = {}
        self._first: dict[str, list[tuple[_Place, int]]] = {}
        self._daily = DailyCounts()

    def linkage_of(self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None) -> Linkage:
        """See ``models.linkage.history.History``."""
        now_us = microseconds(now)
        today = now_us // DAY_US
        velocities = [(each.kind, self._velocity(each, now_us, today, excluding)) for each in identifiers]
        return Linkage(velocities, observed_days=self._daily.observed_days(today))

    def roll_up(self, before_day: int) -> None:
        """See ``models.linkage.history.History``."""
        self._daily.roll_up(before_day)

    def record(self, link: Link) -> None:
        """See ``models.linkage.history.History``."""
        place, occurred_us = (microseconds(link.recorded_at), link.signup_no), microseconds(link.occurred_at)
        account_type = link.account_type.value
        past = []
        for each in link.identifiers:
            key = (each.kind, each.value)
            links = self._links.get(key)
            if links is None:
                links = self._links[key] = _Links()
            counted = each.counted if each.place is None else each.place
            links.add(place, occurred_us, counted, account_type, each.anomalies)
            if each.kind in PAST_KINDS:
                past.append(key)
            if each.kind is AGED_KIND:
                self._remember_first(each.value, place, occurred_us)
        self._daily.add(place[0], occurred_us, past)

    def _velocity(self, identifier: Identifier, now_us: int, today: int, excluding: int | None) -> Velocity:
        kind, key = identifier.kind, (identifier.kind, identifier.value)
        links = self._links.get(key)
        if links is None:
            return NEVER_SEEN
        if excluding is not None:
            links = links.without(excluding)
        past = self._daily.past(key, today) if kind in PAST_KINDS else 0
        age_us = self._age_us(identifier.value, now_us, excluding) if kind is AGED_KIND else 0
        return links.velocity(identifier, now_us, past=past, age_us=age_us)

    def _remember_first(self, domain: str, place: _Place, occurred_us: int) -> None:
        first = self._first.setdefault(domain, [])
        # The second is kept for the sign-up that was the first and is judged again.
        if len(first) < 2 or place < first[-1][0]:
            first.append((place, occurred_us))
            first.sort()
            del first[2:]

    def _age_us(self, domain: str, now_us: int, excluding: int | None) -> int:
        first = next((occurred for place, occurred in self._first.get(domain, ()) if place[1] != excluding), now_us)
        return max(0, now_us - first)


class _Links:
    """The newest links of one identifier, a list a column, in (recorded, id) order."""

    __slots__ = ("_anomalies", "_counted", "_in_time", "_occurred", "_order", "_types")

    def __init__(self) -> None:
        self._order: list[_Place] = []
        self._occurred: list[int] = []
        self._counted: list[str | int | None] = []
        self._types: list[str] = []
        self._anomalies: list[int] = []
        self._in_time = True

    def add(
        self, place: _Place, occurred_us: int, counted: str | int | None, account_type: str, anomalies: int
    ) -> None:
        at = len(self._order)
        if at and place < self._order[-1]:
            at = bisect_left(self._order, place)
            self._in_time = False
        elif at and occurred_us < self._occurred[-1]:
            self._in_time = False
        self._order.insert(at, place)
        self._occurred.insert(at, occurred_us)
        self._counted.insert(at, counted)
        self._types.insert(at, account_type)
        self._anomalies.insert(at, anomalies)
        # Seldom, because every list is moved.
        if len(self._order) > 2 * _KEPT:
            for column in (self._order, self._occurred, self._counted, self._types, self._anomalies):
                del column[:-_KEPT]

    def without(self, signup_no: int) -> _Links:
        """The same links but those of one sign-up."""
        return self._taken([at for at, place in enumerate(self._order) if place[1] != signup_no], in_time=self._in_time)

    def velocity(self, identifier: Identifier, now_us: int, *, past: int, age_us: int) -> Velocity:
        """Count the newest links in their windows."""
        if not self._in_time:
            newest = range(max(0, len(self._order) - SATURATION), len(self._order))
            in_time = self._taken(sorted(newest, key=self._occurred.__getitem__), in_time=True)
            return in_time.velocity(identifier, now_us, past=past, age_us=age_us)
        occurred, counted = self._occurred, self._counted
        end = bisect_left(occurred, now_us, max(0, len(occurred) - SATURATION))
        start = bisect_left(occurred, now_us - Window.YEAR.value, max(0, len(occurred) - SATURATION), end)
        if start == end:
            return Velocity(NEVER_SEEN.links, NEVER_SEEN.distinct, 0, 0, past=past, age_us=age_us)
        # The windows contain each other, so each begins at one place and all end at the same.
        since = [bisect_left(occurred, now_us - length, start, end) for length in _LENGTHS]
        values = set(counted[since[_NEAR] : end])
        near = len(values) - (None in values)
        values.update(counted[since[_FAR] : since[_NEAR]])
        far = len(values) - (None in values)
        values.update(counted[since[_FARTHEST] : since[_FAR]])
        farthest = len(values) - (None in values)
        own = identifier.counted if identifier.place is None else identifier.place
        links: Any = tuple([end - at for at in since])
        return Velocity(
            links,
            (near, far, farthest),
            end - since[_OTHERS] - counted[since[_OTHERS] : end].count(own),
            len(set(self._types[start:end])),
            self._anomalous(identifier, since[_SYNCHRONY], end),
            _neighbours(identifier.place, counted[since[_SEQUENCE] : end]),
            past,
            age_us,
        )

    def _anomalous(self, identifier: Identifier, start: int, end: int) -> int:
        own = identifier.anomalies if identifier.kind in SYNCHRONY_KINDS else 0
        return sum(1 for each in self._anomalies[start:end] if each & own) if own else 0

    def _taken(self, order: Sequence[int], *, in_time: bool) -> _Links:
        taken = _Links()
        taken._order = [self._order[at] for at in order]
        taken._occurred = [self._occurred[at] for at in order]
        taken._counted = [self._counted[at] for at in order]
        taken._types = [self._types[at] for at in order]
        taken._anomalies = [self._anomalies[at] for at in order]
        taken._in_time = in_time
        return taken


def _neighbours(own: int | None, places: Sequence[str | int | None]) -> int:
    if own is None:
        return 0
    return sum(1 for each in places if isinstance(each, int) and abs(each - own) <= SEQUENCE_REACH)
