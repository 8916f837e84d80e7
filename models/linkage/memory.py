"""The history in memory: the replay's counterpart of the store in SQL, number for number."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from models.linkage.history import Link
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import (
    DISTINCT_WINDOWS,
    NEVER_SEEN,
    OTHERS_WINDOW,
    SATURATION,
    Linkage,
    Velocity,
    Window,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# (recorded µs, signup_no, occurred µs, counted value, account type): ordered as the definition demands.
_Remembered = tuple[int, int, int, str | None, str]


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970, exactly (no floating point between the clock and a window's edge)."""
    return (instant - _EPOCH) // _MICROSECOND


class MemoryHistory:
    """A history in dictionaries, bounded per identifier by the saturation limit."""

    def __init__(self) -> None:
        self._links: dict[tuple[IdentifierKind, str], list[_Remembered]] = {}

    def linkage_of(self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None) -> Linkage:
        """See ``models.linkage.history.History``."""
        now_us = microseconds(now)
        return Linkage((each.kind, self._velocity(each, now_us, excluding)) for each in identifiers)

    def record(self, link: Link) -> None:
        """See ``models.linkage.history.History``."""
        recorded_us, occurred_us = microseconds(link.recorded_at), microseconds(link.occurred_at)
        for each in link.identifiers:
            remembered = self._links.setdefault((each.kind, each.value), [])
            row = (recorded_us, link.signup_no, occurred_us, each.counted, link.account_type.value)
            if remembered and row[:2] < remembered[-1][:2]:
                insort(remembered, row, key=lambda kept: kept[:2])
            else:
                remembered.append(row)
            # One more than the limit stays, because a sign-up that is judged again excludes its own link.
            if len(remembered) > SATURATION + 1:
                del remembered[0]

    def _velocity(self, identifier: Identifier, now_us: int, excluding: int | None) -> Velocity:
        remembered = self._links.get((identifier.kind, identifier.value))
        if not remembered:
            return NEVER_SEEN
        newest = [row for row in remembered if row[1] != excluding][-SATURATION:]
        return measure(newest, now_us=now_us, own=identifier.counted)


def measure(newest: Sequence[_Remembered], *, now_us: int, own: str | None) -> Velocity:
    """Count the links of one identifier.

    Args:
        newest: at most ``SATURATION`` links.
        now_us: the instant of the sign-up being judged, microseconds since 1970.
        own: the counted value of the sign-up being judged.
    """
    links = [0] * len(_LENGTHS)
    distinct: list[set[str]] = [set() for _ in DISTINCT_WINDOWS]
    others = 0
    types: set[str] = set()
    for _, _, occurred_us, counted, account_type in newest:
        age = now_us - occurred_us
        if not 0 < age <= _LONGEST:
            continue
        # The windows contain each other, so a link is counted once, in the shortest that holds it.
        links[bisect_left(_LENGTHS, age)] += 1
        types.add(account_type)
        if age <= OTHERS_WINDOW.value and counted != own:
            others += 1
        if counted is not None:
            distinct[bisect_left(_DISTINCT_LENGTHS, age)].add(counted)
    hour, day, week, month, quarter, year = accumulate(links)
    near, far = distinct[0] | distinct[1], distinct[0] | distinct[1] | distinct[2]
    return Velocity(
        (hour, day, week, month, quarter, year), (len(distinct[0]), len(near), len(far)), others, len(types)
    )


_LENGTHS = tuple(window.value for window in Window)
_DISTINCT_LENGTHS = tuple(window.value for window in DISTINCT_WINDOWS)
_LONGEST = Window.YEAR.value
