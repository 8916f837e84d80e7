"""The links of one identifier in memory: one alone, or the newest in columns."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any  # Any: a tuple of one entry a window, which mypy cannot count

from models.linkage.identifier import Identifier
from models.linkage.velocity import (
    DISTINCT_WINDOWS,
    NEVER_SEEN,
    OTHERS_WINDOW,
    SATURATION,
    SEQUENCE_REACH,
    SEQUENCE_WINDOW,
    SYNCHRONY_KINDS,
    SYNCHRONY_WINDOW,
    Counts,
    Six,
    Three,
    Velocity,
    Window,
)

_LENGTHS = tuple(window.value for window in Window)
_HOUR, _DAY, _WEEK, _MONTH, _QUARTER, _YEAR = _LENGTHS
_NEAR, _FAR, _FARTHEST = (list(Window).index(window) for window in DISTINCT_WINDOWS)
_OTHERS, _SYNCHRONY, _SEQUENCE = (
    list(Window).index(window) for window in (OTHERS_WINDOW, SYNCHRONY_WINDOW, SEQUENCE_WINDOW)
)

_ONE_SINCE: Any = tuple((0,) * at + (1,) * (len(_LENGTHS) - at) for at in range(len(_LENGTHS)))
"""The links in each window of one that lies in the window at a place and in all longer ones."""

_KEPT = SATURATION + 1
"""One more than the limit stays, because a sign-up that is judged again excludes its own link."""

Place = tuple[int, int]
"""(recorded µs, signup_no): what the links of an identifier are ordered by."""


class OneLink:
    """The only link of an identifier. Most are nobody else's: in columns each would take ten times the memory."""

    __slots__ = ("_anomalies", "_counted", "_occurred", "_place", "_type")

    def __init__(
        self, place: Place, occurred_us: int, counted: str | int | None, account_type: str, anomalies: int
    ) -> None:
        self._place = place
        self._occurred = occurred_us
        self._counted = counted
        self._type = account_type
        self._anomalies = anomalies

    def in_columns(self) -> Links:
        """The same link where further ones can be added."""
        links = Links()
        links.add(self._place, self._occurred, self._counted, self._type, self._anomalies)
        return links

    def near(self, now_us: int, window_us: int, cap: int, excluding: int | None) -> Sequence[int]:
        """See ``Links``."""
        number = self._place[1]
        return [number] if cap and number != excluding and abs(now_us - self._occurred) <= window_us else []

    def carried_by_others(self, signup_no: int) -> bool:
        """See ``Links``."""
        return self._place[1] != signup_no

    def without(self, signup_no: int) -> OneLink | Links:
        """See ``Links``."""
        return self if self.carried_by_others(signup_no) else Links()

    def velocity(self, identifier: Identifier, now_us: int, *, past: int, age_us: int) -> Velocity:
        """See ``Links``."""
        before_us = now_us - self._occurred
        if not 0 < before_us <= _LENGTHS[-1]:
            return Velocity(NEVER_SEEN.links, NEVER_SEEN.distinct, 0, 0, past=past, age_us=age_us)
        links = _ONE_SINCE[bisect_left(_LENGTHS, before_us)]
        counted, own, place = self._counted, identifier.counted, identifier.place
        known = counted is not None
        return Velocity(
            links,
            (links[_NEAR], links[_FAR], links[_FARTHEST]) if known else NEVER_SEEN.distinct,
            links[_OTHERS] if counted != (own if place is None else place) else 0,
            1,
            links[_SYNCHRONY] if identifier.kind in SYNCHRONY_KINDS and self._anomalies & identifier.anomalies else 0,
            0 if place is None else links[_SEQUENCE] * _neighbours(place, (counted,)),
            past,
            age_us,
        )


class Links:
    """The newest links of one identifier, a list a column, in (recorded, id) order.

    Columns grow at their ends only: where anything else changes, new ones take their place. So whoever was given a
    stretch of them may count it later (``_Stretch``).
    """

    __slots__ = ("_anomalies", "_counted", "_in_time", "_occurred", "_order", "_types")

    def __init__(self) -> None:
        self._order: list[Place] = []
        self._occurred: list[int] = []
        self._counted: list[str | int | None] = []
        self._types: list[str] = []
        self._anomalies: list[int] = []
        self._in_time = True

    def add(self, place: Place, occurred_us: int, counted: str | int | None, account_type: str, anomalies: int) -> None:
        order = self._order
        if order:
            if occurred_us < self._occurred[-1]:
                self._in_time = False
            if place < order[-1]:
                self._put_in_place(place, occurred_us, counted, account_type, anomalies)
                return
            if len(order) >= 2 * _KEPT:
                # Seldom, because every column is copied.
                self._take(range(len(order) - _KEPT, len(order)))
                self._in_time = self._occurred == sorted(self._occurred) and self._occurred[-1] <= occurred_us
                order = self._order
        order.append(place)
        self._occurred.append(occurred_us)
        self._counted.append(counted)
        self._types.append(account_type)
        self._anomalies.append(anomalies)

    def near(self, now_us: int, window_us: int, cap: int, excluding: int | None) -> Sequence[int]:
        """The sign-ups among the newest links that occurred within the window, on either side; none beyond the cap."""
        order, occurred = self._order, self._occurred
        if excluding is not None or not self._in_time:
            newest = range(max(0, len(order) - cap - 2), len(order))
            others = [at for at in newest if order[at][1] != excluding][-(cap + 1) :]
            found = [order[at][1] for at in others if abs(now_us - occurred[at]) <= window_us]
            return found if len(found) <= cap else ()
        first = bisect_left(occurred, now_us - window_us, max(0, len(order) - cap - 1))
        end = bisect_right(occurred, now_us + window_us, first)
        return [number for _, number in order[first:end]] if end - first <= cap else ()

    def carried_by_others(self, signup_no: int) -> bool:
        """Whether the identifier is also another's than this sign-up's."""
        return any(number != signup_no for _, number in self._order)

    def without(self, signup_no: int) -> Links:
        """The same links but those of one sign-up."""
        return self._taken([at for at, place in enumerate(self._order) if place[1] != signup_no], in_time=self._in_time)

    def velocity(self, identifier: Identifier, now_us: int, *, past: int, age_us: int) -> Counts:
        """Count the newest links in their windows."""
        occurred = self._occurred
        length = len(occurred)
        first = length - SATURATION if length > SATURATION else 0
        if not self._in_time:
            in_time = self._taken(sorted(range(first, length), key=occurred.__getitem__), in_time=True)
            return in_time.velocity(identifier, now_us, past=past, age_us=age_us)
        end = bisect_left(occurred, now_us, first)
        # The windows contain each other, so each begins at one place and all end at the same.
        year = bisect_left(occurred, now_us - _YEAR, first, end)
        if year == end:
            return Velocity(NEVER_SEEN.links, NEVER_SEEN.distinct, 0, 0, past=past, age_us=age_us)
        quarter = bisect_left(occurred, now_us - _QUARTER, year, end)
        month = bisect_left(occurred, now_us - _MONTH, quarter, end)
        week = bisect_left(occurred, now_us - _WEEK, month, end)
        day = bisect_left(occurred, now_us - _DAY, week, end)
        hour = bisect_left(occurred, now_us - _HOUR, day, end)
        links = (end - hour, end - day, end - week, end - month, end - quarter, end - year)
        return _Stretch(identifier, links, end, self._counted, self._types, self._anomalies, past, age_us)

    def _put_in_place(
        self, place: Place, occurred_us: int, counted: str | int | None, account_type: str, anomalies: int
    ) -> None:
        """Recorded before others that are there already."""
        length = len(self._order)
        self._take(range(max(0, length - 2 * _KEPT + 1), length))
        self._in_time = False
        at = bisect_left(self._order, place)
        self._order.insert(at, place)
        self._occurred.insert(at, occurred_us)
        self._counted.insert(at, counted)
        self._types.insert(at, account_type)
        self._anomalies.insert(at, anomalies)

    def _taken(self, order: Sequence[int], *, in_time: bool) -> Links:
        taken = Links()
        taken._order, taken._occurred, taken._counted, taken._types, taken._anomalies = self._columns(order)
        taken._in_time = in_time
        return taken

    def _take(self, order: Sequence[int]) -> None:
        """Keep the links at these places, in new columns."""
        self._order, self._occurred, self._counted, self._types, self._anomalies = self._columns(order)

    def _columns(
        self, order: Sequence[int]
    ) -> tuple[list[Place], list[int], list[str | int | None], list[str], list[int]]:
        return (
            [self._order[at] for at in order],
            [self._occurred[at] for at in order],
            [self._counted[at] for at in order],
            [self._types[at] for at in order],
            [self._anomalies[at] for at in order],
        )


class _Stretch:
    """The newest links of an identifier as they were when somebody asked, each count made when it is looked at.

    Most never are: a replay's features read two counts of three of an identifier, and a rule or a record all.
    """

    __slots__ = ("_anomalies", "_counted", "_end", "_identifier", "_types", "age_us", "links", "past")

    def __init__(  # noqa: PLR0917 - made in one place, thousands of times a second
        self,
        identifier: Identifier,
        links: Six,
        end: int,
        counted: list[str | int | None],
        types: list[str],
        anomalies: list[int],
        past: int,
        age_us: int,
    ) -> None:
        self._identifier = identifier
        self.links = links
        self._end = end
        self._counted = counted
        self._types = types
        self._anomalies = anomalies
        self.past = past
        self.age_us = age_us

    @property
    def distinct(self) -> Three:
        """See ``Counts``."""
        return self._different(_NEAR), self._different(_FAR), self._different(_FARTHEST)

    @property
    def others(self) -> int:
        """See ``Counts``."""
        identifier, links = self._identifier, self.links[_OTHERS]
        own = identifier.counted if identifier.place is None else identifier.place
        return links - self._counted[self._end - links : self._end].count(own)

    @property
    def account_types(self) -> int:
        """See ``Counts``."""
        return len(set(self._types[self._end - self.links[-1] : self._end]))

    @property
    def anomalous(self) -> int:
        """See ``Counts``."""
        own = self._identifier.anomalies if self._identifier.kind in SYNCHRONY_KINDS else 0
        newest = self._anomalies[self._end - self.links[_SYNCHRONY] : self._end] if own else ()
        return len([each for each in newest if each & own])

    @property
    def near(self) -> int:
        """See ``Counts``."""
        place = self._identifier.place
        if place is None:
            return 0
        return _neighbours(place, self._counted[self._end - self.links[_SEQUENCE] : self._end])

    def _different(self, window: int) -> int:
        values = set(self._counted[self._end - self.links[window] : self._end])
        return len(values) - (None in values)


def _neighbours(own: int, places: Sequence[str | int | None]) -> int:
    return sum(1 for each in places if isinstance(each, int) and abs(each - own) <= SEQUENCE_REACH)
