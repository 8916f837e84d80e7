"""When people sign up: the hour of their day, the day of their week, the start of their term, announced events."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from models.simulation.streams import Weighted
from models.simulation.tables.places import Place

_HOURS = (
    2.2,
    1.5,
    1.1,
    0.9,
    0.8,
    0.8,
    1.1,
    1.8,
    3.6,
    5.2,
    6.0,
    6.1,
    5.6,
    5.7,
    6.2,
    6.3,
    6.0,
    5.6,
    5.4,
    5.6,
    5.8,
    5.5,
    4.4,
    2.6,
)
_WEEKDAYS = (1.16, 1.18, 1.16, 1.12, 1.02, 0.66, 0.70)
_TERM_START_FACTOR = 3.5
_TERM_START_DAYS = 14
_EVENT_EVERY_DAYS = 45.0
_EVENT_HOURS = 48.0
HOUR_OF_DAY = Weighted(tuple(range(24)), _HOURS)
"""The honest daily curve, in local time. The night is quiet and not empty: undergraduates are the latest chronotypes
of all ages (Fischer and others 2017), and published curves of study platforms and of Wikipedia's editors (Yasseri and
others 2012) keep between a tenth and a fifth of their peak through it. The numbers themselves are start values."""
MEAN_ACTIVITY = sum(_HOURS) / len(_HOURS) / max(_HOURS)
"""The mean of ``activity`` over a day."""


@dataclass(frozen=True, slots=True)
class AnnouncedEvent:
    """A model release or a hackathon: everybody signs up more for two days, attackers among them."""

    start: datetime
    factor: float

    @property
    def end(self) -> datetime:
        """When the rush is over."""
        return self.start + timedelta(hours=_EVENT_HOURS)


class Calendar:
    """The common calendar of one world."""

    def __init__(self, places: Weighted[Place], start: datetime, days: float, rng: random.Random) -> None:
        self._places = places.items
        self.start = start
        self.end = start + timedelta(days=days)
        self.events = _events(start, self.end, rng)

    def rush(self, now: datetime) -> bool:
        """Whether an announced event is on."""
        return any(event.start <= now < event.end for event in self.events)

    def volume(self, day: date) -> float:
        """How busy the day is, 1 on average outside term starts."""
        total = sum(place.weight for place in self._places)
        return _WEEKDAYS[day.weekday()] * sum(place.weight * season(place, day) for place in self._places) / total

    def places(self, day: date) -> Weighted[Place]:
        """Where that day's sign-ups come from."""
        return _places_of(self._places, day)

    def moment(self, place_zone: str, day: date, rng: random.Random) -> datetime:
        """A moment of that local day, by the honest daily curve, in continuous time."""
        seconds = HOUR_OF_DAY.draw(rng) * 3600 + rng.random() * 3600
        return at_local(place_zone, day, seconds)


@lru_cache(maxsize=64)
def _places_of(places: tuple[Place, ...], day: date) -> Weighted[Place]:
    return Weighted(places, [place.weight * season(place, day) for place in places])


def season(place: Place, day: date) -> float:
    """3.5 in the two weeks when the place's academic year starts, else 1."""
    start = date(day.year, 2, 18) if place.southern_term else date(day.year, 9, 3)
    return _TERM_START_FACTOR if start <= day < start + timedelta(days=_TERM_START_DAYS) else 1.0


def at_local(zone: str, day: date, seconds: float) -> datetime:
    """That many seconds after local midnight, in UTC."""
    return _midnight(zone, day) + timedelta(seconds=seconds)


@lru_cache(maxsize=4096)
def _midnight(zone: str, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=4096)
def _offset_hours(zone: str, day: date) -> float:
    offset = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).utcoffset()
    return offset.total_seconds() / 3600 if offset else 0.0


def activity(zone: str, now: datetime) -> float:
    """The honest daily curve at that moment in that zone, 1 at its highest."""
    hour = int((now.hour + now.minute / 60 + _offset_hours(zone, now.date())) % 24)
    return _HOURS[hour] / max(_HOURS)


def activity_in(place: Place, now: datetime) -> float:
    """The same in a place, over all of its clocks."""
    return sum([activity(zone, now) for zone in place.zones]) / len(place.zones)


def _events(start: datetime, end: datetime, rng: random.Random) -> Sequence[AnnouncedEvent]:
    events: list[AnnouncedEvent] = []
    at = start
    while True:
        at += timedelta(days=rng.expovariate(1 / _EVENT_EVERY_DAYS))
        if at >= end:
            return tuple(events)
        events.append(AnnouncedEvent(at, rng.uniform(2.0, 5.0)))
        at += timedelta(hours=_EVENT_HOURS)
