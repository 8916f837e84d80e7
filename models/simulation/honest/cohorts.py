"""Cohorts: an online course or a hackathon sends hundreds of people from everywhere through one link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.simulation.arrival import Arrival, Day
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, STUDENTS_WITH_WEBMAIL, People
from models.simulation.streams import poisson, token
from models.simulation.texts import paraphrased, study_use

_SMALLEST, _LARGEST = 12, 600
_DAYS_WORTH = 8.0


@dataclass(frozen=True, slots=True)
class Cohorts:
    """One referrer, similar purposes, many countries."""

    id: str = "H14"
    share: float = 0.01

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's cohorts; a cohort is as large as about a week of all such people."""
        rng = people.rng
        mean = min(_LARGEST / 2, max(_SMALLEST, day.expected * _DAYS_WORTH))
        for _ in range(poisson(rng, day.expected / mean)):
            group = f"cohort_{token(rng, 8)}"
            referrer = f"https://learn.example/c/{token(rng, 6).lower()}"
            text = study_use(rng)
            for _ in range(round(min(_LARGEST, max(_SMALLEST, rng.lognormvariate(0, 0.4) * mean * 0.92)))):
                place = day.calendar.places(day.date).draw(rng)
                at = day.calendar.moment(rng.choice(place.zones), day.date, rng)
                habits = STUDENTS_WITH_CAMPUS_MAIL if rng.random() < 0.4 else STUDENTS_WITH_WEBMAIL
                draft = people.person(place, replace(habits, pays_by_card=0.15), at)
                draft.referrer = referrer
                if rng.random() < 0.7:
                    draft.stated_use = paraphrased(text, rng, rng.uniform(0, 0.5))
                yield Arrival(at, draft, self.id, group)
