"""Visitors: international students with the phone and card of home and the connection of the host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.simulation.arrival import Arrival, Day
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, People
from models.simulation.streams import poisson
from models.simulation.tables.networks import NetworkUse


@dataclass(frozen=True, slots=True)
class Visitors:
    """People who study abroad."""

    id: str = "H12"
    share: float = 0.06

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's visitors."""
        rng = people.rng
        for _ in range(poisson(rng, day.expected)):
            home, host = (day.calendar.places(day.date).draw(rng) for _ in range(2))
            at = day.calendar.moment(rng.choice(host.zones), day.date, rng)
            school = people.tables.schools.listed(host, rng)
            draft = people.person(home, STUDENTS_WITH_CAMPUS_MAIL, at, school=school)
            draft.timezone = rng.choice(host.zones)
            if draft.use is not NetworkUse.ACADEMIC:
                draft.ip, draft.use = people.tables.networks.home(host, rng), NetworkUse.HOME
            if draft.phone is not None and rng.random() < 0.35:
                draft.phone = people.tables.phones.mobile(host, rng)
            if rng.random() < 0.3:
                draft.country = host.code
            yield Arrival(at, draft, self.id)
