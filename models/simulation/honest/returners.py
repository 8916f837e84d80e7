"""Returners: people who forgot they had an account, retried, or came back with another mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import timedelta

from models.simulation.arrival import Arrival, Day
from models.simulation.builds import BUILD_BY_SHARE
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, STUDENTS_WITH_WEBMAIL, People
from models.simulation.streams import poisson, token


@dataclass(frozen=True, slots=True)
class Returners:
    """The same person twice, minutes or months apart."""

    id: str = "H13"
    share: float = 0.02

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """The people whose first attempt is that day, with their second."""
        rng = people.rng
        for _ in range(poisson(rng, day.expected / 2)):
            place = day.calendar.places(day.date).draw(rng)
            at = day.calendar.moment(rng.choice(place.zones), day.date, rng)
            habits = STUDENTS_WITH_CAMPUS_MAIL if rng.random() < 0.6 else STUDENTS_WITH_WEBMAIL
            first = people.person(place, habits, at)
            first.build = BUILD_BY_SHARE.draw(rng)
            group = f"returner_{token(rng, 8)}"
            yield Arrival(at, first, self.id, group)
            gap = rng.uniform(90, 3600) if rng.random() < 0.7 else rng.uniform(20, 150) * 86_400
            again = copy(first)
            again.overlays, again.pasted = [], ()
            drawn = rng.random()
            if drawn < 0.6:
                again.email = people.webmail(first.name, place, first.birth_year)
            elif drawn < 0.8 and first.school is not None:
                again.email = people.campus_mail(first.name, first.school, first.birth_year)
            if gap > 86_400:
                people.connect(again, again.school, habits)
                if rng.random() < 0.35:
                    again.device_id, again.build = token(rng, 22), None
            yield Arrival(at + timedelta(seconds=gap), again, self.id, group)
