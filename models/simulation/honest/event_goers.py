"""Event goers: the extra people of an announced event, of every ordinary habit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models.simulation.arrival import Arrival, Day
from models.simulation.calendar import activity
from models.simulation.people import (
    INDEPENDENTS,
    STUDENTS_OF_UNLISTED_SCHOOLS,
    STUDENTS_WITH_CAMPUS_MAIL,
    STUDENTS_WITH_WEBMAIL,
    People,
)
from models.simulation.streams import Weighted, poisson

_HABITS = Weighted(
    (STUDENTS_WITH_CAMPUS_MAIL, STUDENTS_WITH_WEBMAIL, STUDENTS_OF_UNLISTED_SCHOOLS, INDEPENDENTS),
    (0.45, 0.3, 0.08, 0.17),
)


@dataclass(frozen=True, slots=True)
class EventGoers:
    """Their ``expected`` is the whole honest volume of the day; the event's factor says how many more come."""

    id: str = "H17"
    share: float = 1.0

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """The extra people of that day, while an event lasts."""
        rng = people.rng
        midnight = datetime(day.date.year, day.date.month, day.date.day, tzinfo=UTC)
        for event in day.calendar.events:
            begin, end = max(event.start, midnight), min(event.end, midnight + timedelta(days=1))
            if begin >= end:
                continue
            lasting = (end - begin).total_seconds()
            for _ in range(poisson(rng, day.expected * (event.factor - 1) * lasting / 86_400)):
                place = day.calendar.places(day.date).draw(rng)
                at = begin + timedelta(seconds=rng.uniform(0, lasting))
                while rng.random() > activity(place.zones[0], at) + 0.1:
                    at = begin + timedelta(seconds=rng.uniform(0, lasting))
                yield Arrival(at, people.person(place, _HABITS.draw(rng), at), self.id)
