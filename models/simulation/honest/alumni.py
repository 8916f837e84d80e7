"""Alumni whose academic mailbox still works: not eligible, and no hydra either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.simulation.arrival import Arrival, Day
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, People
from models.simulation.streams import poisson


@dataclass(frozen=True, slots=True)
class Alumni:
    """People a few years out of the school they still claim."""

    id: str = "H15"
    share: float = 0.01

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's alumni."""
        for _ in range(poisson(people.rng, day.expected)):
            place = day.calendar.places(day.date).draw(people.rng)
            at = day.calendar.moment(people.rng.choice(place.zones), day.date, people.rng)
            draft = people.person(place, STUDENTS_WITH_CAMPUS_MAIL, at)
            draft.birth_year -= people.rng.randrange(3, 16)
            if draft.use.value == "academic":
                people.at_home(draft)
            yield Arrival(at, draft, self.id)
