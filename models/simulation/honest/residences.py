"""Residences: thousands of students behind a few campus addresses, most of them at the start of term."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.simulation.arrival import Arrival, Day
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, People
from models.simulation.streams import poisson
from models.simulation.tables.networks import NetworkUse

_PEOPLE_A_RESIDENCE_DAY = 14.0


@dataclass(frozen=True, slots=True)
class Residences:
    """Students who live on campus; one public address each for many of them."""

    id: str = "H5"
    share: float = 0.08

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's residents, gathered at a few schools."""
        rng = people.rng
        habits = replace(STUDENTS_WITH_CAMPUS_MAIL, campus_mail=0.7)
        for _ in range(poisson(rng, day.expected / _PEOPLE_A_RESIDENCE_DAY)):
            place = day.calendar.places(day.date).draw(rng)
            school = people.school(place, habits)
            address = rng.choice(school.campus)
            group = f"residence_{school.domain}"
            for _ in range(1 + round(rng.expovariate(1 / (_PEOPLE_A_RESIDENCE_DAY - 1)))):
                at = day.calendar.moment(rng.choice(place.zones), day.date, rng)
                draft = people.person(place, habits, at, school=school)
                draft.ip, draft.use = address, NetworkUse.ACADEMIC
                yield Arrival(at, draft, self.id, group)
