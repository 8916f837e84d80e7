"""The links of one identifier in memory: one alone, or the newest in columns."""

from __future__ import annotations

from bisect import bisect_left
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
    Velocity,
    Window,
)

_LENGTHS = tuple(window.value for window in Window)
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

    def near(self, now_us: int, window_us: int, cap: int, excluding: int | None) -> list[int]:
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
    """The newest links of one identifier, a list a column, in (recorded, id) order."""

    __slots__ = ("_anomalies", "_counted", "_in_time", "_occurred", "_order", "_types")

    def __init__(self) -> None:
        self._order: list[Place] = []
        self._occurred: list[int] = []
        self._counted: list[str | int | None] = []
        self._types: list[str] = []
        self._anomalies: list[int] = []
        self._in_time = True

    def add(self, place: Place, occurred_us: int, counted: str | int | None, account_type: str, anomalies: int) -> None:
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

    def near(self, now_us: int, window_us: int, cap: int, excluding: int | None) -> list[int]:
        """The sign-ups among the newest links that occurred within the window, on either side; none beyond the cap."""
        newest = range(max(0, len(self._order) - cap - 2), len(self._order))
        others = [at for at in newest if self._order[at][1] != excluding][-(cap + 1) :]
        found = [self._order[at][1] for at in others if abs(now_us - self._occurred[at]) <= window_us]
        return found if len(found) <= cap else []

    def carried_by_others(self, signup_no: int) -> bool:
        """Whether the identifier is also another's than this sign-up's."""
        return any(number != signup_no for _, number in self._order)

    def without(self, signup_no: int) -> Links:
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
            0 if identifier.place is None else _neighbours(identifier.place, counted[since[_SEQUENCE] : end]),
            past,
            age_us,
        )

    def _anomalous(self, identifier: Identifier, start: int, end: int) -> int:
        own = identifier.anomalies if identifier.kind in SYNCHRONY_KINDS else 0
        return sum(1 for each in self._anomalies[start:end] if each & own) if own else 0

    def _taken(self, order: Sequence[int], *, in_time: bool) -> Links:
        taken = Links()
        taken._order = [self._order[at] for at in order]
        taken._occurred = [self._occurred[at] for at in order]
        taken._counted = [self._counted[at] for at in order]
        taken._types = [self._types[at] for at in order]
        taken._anomalies = [self._anomalies[at] for at in order]
        taken._in_time = in_time
        return taken


def _neighbours(own: int, places: Sequence[str | int | None]) -> int:
    return sum(1 for each in places if isinstance(each, int) and abs(each - own) <= SEQUENCE_REACH)
