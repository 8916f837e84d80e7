"""The history in memory: the replay's counterpart of the store in SQL, number for number."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

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
    ages = [now_us - row[2] for row in newest]
    links = [sum(0 < age <= window.value for age in ages) for window in Window]
    distinct = [
        len({row[3] for row, age in zip(newest, ages, strict=True) if 0 < age <= window.value and row[3] is not None})
        for window in DISTINCT_WINDOWS
    ]
    others = sum(0 < age <= OTHERS_WINDOW.value and row[3] != own for row, age in zip(newest, ages, strict=True))
    types = {row[4] for row, age in zip(newest, ages, strict=True) if 0 < age <= Window.YEAR.value}
    return Velocity(
        (links[0], links[1], links[2], links[3], links[4], links[5]),
        (distinct[0], distinct[1], distinct[2]),
        others,
        len(types),
    )
