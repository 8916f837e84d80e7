"""Instants as the stores keep them: whole microseconds since 1970, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds_of(instant: datetime) -> int:
    """Whole microseconds since 1970 of an aware datetime."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(microseconds: int) -> datetime:
    """The aware datetime in UTC of whole microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def optional_instant_of(microseconds: int | None) -> datetime | None:
    """The instant, or ``None`` when there is none."""
    return None if microseconds is None else instant_of(microseconds)
