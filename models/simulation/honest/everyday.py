"""The honest kinds that come one by one or by word of mouth: they differ in habits only."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.simulation.arrival import Arrival, Day
from models.simulation.calendar import Calendar
from models.simulation.people import (
    INDEPENDENTS,
    STUDENTS_OF_UNLISTED_SCHOOLS,
    STUDENTS_WITH_CAMPUS_MAIL,
    STUDENTS_WITH_WEBMAIL,
    Habits,
    People,
)
from models.simulation.streams import poisson

_TELLS = 0.5
"""How many others of one's school one's word brings, on average: new tools spread from mouth to mouth (Bass 1969; at
universities through courses, halls and study groups), so a school comes in small waves and then not at all. The
number is a start value: half of these people are the first of theirs, half were told."""
_DAYS_LATER, _MINUTES_LATER = 1.0, 90.0


@dataclass(frozen=True, slots=True)
class Everyday:
    """People with these habits, each at their own machine; some heard of it from somebody at their school."""

    id: str
    share: float
    habits: Habits
    tells: float = _TELLS

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """The people who are that day's first of their school, and those they tell."""
        rng = people.rng
        for _ in range(poisson(rng, day.expected * (1 - self.tells))):
            place = day.calendar.places(day.date).draw(rng)
            school, zone = people.school(place, self.habits), rng.choice(place.zones)
            coming = [day.calendar.moment(zone, day.date, rng)]
            for at in coming:
                yield Arrival(at, people.person(place, self.habits, at, school=school), self.id)
                coming += [_told(day.calendar, zone, at, rng) for _ in range(poisson(rng, self.tells))]


def _told(calendar: Calendar, zone: str, at: datetime, rng: random.Random) -> datetime:
    """When somebody comes who was told at that moment: the same day or one of the next, at an hour of their own."""
    then = calendar.moment(zone, at.date() + timedelta(days=int(rng.expovariate(1 / _DAYS_LATER))), rng)
    return then if then > at else at + timedelta(minutes=rng.expovariate(1 / _MINUTES_LATER))


CAMPUS = Everyday("H1", 0.33, STUDENTS_WITH_CAMPUS_MAIL)
"""Students and staff with a mailbox of their institution."""

WEBMAIL_STUDENTS = Everyday("H2", 0.16, STUDENTS_WITH_WEBMAIL)
"""Students who use the mailbox they have had since school."""

UNLISTED_SCHOOLS = Everyday("H3", 0.07, STUDENTS_OF_UNLISTED_SCHOOLS)
"""Students of small schools that no list knows."""

INDEPENDENT_RESEARCHERS = Everyday("H9", 0.04, INDEPENDENTS, tells=0.0)
"""Researchers of no institution, with an ORCID or a site of their own."""
