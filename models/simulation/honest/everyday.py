"""The honest kinds that come one by one: they differ in habits only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.simulation.arrival import Arrival, Day
from models.simulation.people import (
    INDEPENDENTS,
    STUDENTS_OF_UNLISTED_SCHOOLS,
    STUDENTS_WITH_CAMPUS_MAIL,
    STUDENTS_WITH_WEBMAIL,
    Habits,
    People,
)
from models.simulation.streams import poisson


@dataclass(frozen=True, slots=True)
class Everyday:
    """People with these habits, each alone."""

    id: str
    share: float
    habits: Habits

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's people."""
        for _ in range(poisson(people.rng, day.expected)):
            place = day.calendar.places(day.date).draw(people.rng)
            at = day.calendar.moment(people.rng.choice(place.zones), day.date, people.rng)
            yield Arrival(at, people.person(place, self.habits, at), self.id)


CAMPUS = Everyday("H1", 0.33, STUDENTS_WITH_CAMPUS_MAIL)
"""Students and staff with a mailbox of their institution."""

WEBMAIL_STUDENTS = Everyday("H2", 0.16, STUDENTS_WITH_WEBMAIL)
"""Students who use the mailbox they have had since school."""

UNLISTED_SCHOOLS = Everyday("H3", 0.07, STUDENTS_OF_UNLISTED_SCHOOLS)
"""Students of small schools that no list knows."""

INDEPENDENT_RESEARCHERS = Everyday("H9", 0.04, INDEPENDENTS)
"""Researchers of no institution, with an ORCID or a site of their own."""
