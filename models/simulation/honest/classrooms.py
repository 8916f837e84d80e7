"""Classrooms: a teacher has thirty to a hundred and twenty people sign up within ten minutes behind one address."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.simulation.arrival import Arrival, Day
from models.simulation.builds import BUILD_BY_SHARE, Build
from models.simulation.calendar import at_local
from models.simulation.draft import Draft
from models.simulation.people import STUDENTS_OF_UNLISTED_SCHOOLS, STUDENTS_WITH_CAMPUS_MAIL, Habits, People
from models.simulation.streams import poisson, token
from models.simulation.tables.devices import Browser
from models.simulation.tables.networks import NetworkUse
from models.simulation.tables.places import Place
from models.simulation.tables.schools import School
from models.simulation.texts import class_use

_MEAN_SIZE = 63.0
_SEATS_TAKEN_OVER = 0.15
"""In a computer room some pupils follow another at the same machine."""
_LESSON_HOURS = (8, 17)
_IN_A_ROOM = 0.5
_PARALLEL_CLASS = 0.4
"""A computer room serves one class after the other, and parallel classes get the same lesson on the same day."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    school: School
    habits: Habits
    image: Browser | None
    instructions: str | None
    address: str
    build: Build
    group: str


@dataclass(frozen=True, slots=True)
class Classrooms:
    """Lessons at listed and unlisted schools, in computer rooms and on people's own laptops."""

    id: str = "H4"
    share: float = 0.05

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's lessons."""
        rng = people.rng
        for _ in range(poisson(rng, day.expected / _MEAN_SIZE / (1 + _IN_A_ROOM * _PARALLEL_CLASS))):
            place = day.calendar.places(day.date).draw(rng)
            lesson = _lesson(people, place)
            begin = at_local(rng.choice(place.zones), day.date, rng.uniform(*_LESSON_HOURS) * 3600)
            seats: list[str] = []
            yield from self._class(people, lesson, begin, seats)
            if lesson.image is not None and rng.random() < _PARALLEL_CLASS:
                following = replace(lesson, group=f"class_{token(rng, 8)}")
                yield from self._class(people, following, begin + timedelta(minutes=rng.uniform(50, 130)), seats)

    def _class(self, people: People, lesson: _Lesson, begin: datetime, seats: list[str]) -> Iterator[Arrival]:
        """One class; ``seats`` are the device ids of the room, to which it adds those it is the first to use."""
        rng, taken = people.rng, 0
        for seconds in sorted(rng.uniform(0, 600) for _ in range(_size(rng))):
            at = begin + timedelta(seconds=seconds)
            draft = self._pupil(people, lesson, at)
            if lesson.image is not None:
                if seats and rng.random() < _SEATS_TAKEN_OVER:
                    draft.device_id = rng.choice(seats)
                elif taken < len(seats):
                    draft.device_id = seats[taken]
                    taken += 1
                else:
                    seats.append(draft.device_id)
                    taken += 1
            yield Arrival(at, draft, self.id, lesson.group)

    def _pupil(self, people: People, lesson: _Lesson, at: datetime) -> Draft:
        rng = people.rng
        draft = people.person(lesson.school.place, lesson.habits, at, school=lesson.school)
        draft.ip, draft.use = lesson.address, NetworkUse.ACADEMIC
        draft.build = lesson.build
        draft.timezone = lesson.school.place.zones[0]
        if lesson.image is not None:
            draft.browser = lesson.image
            draft.ja4 = people.tables.browsers.ja4(lesson.image.stack, random.Random(lesson.group))
            draft.hides_device = False
        if lesson.instructions is not None and rng.random() < 0.85:
            draft.stated_use = lesson.instructions
            draft.pasted = ("stated_use",) if rng.random() < 0.7 else ()
        return draft


def _lesson(people: People, place: Place) -> _Lesson:
    rng = people.rng
    listed = rng.random() < 0.75
    habits = replace(
        STUDENTS_WITH_CAMPUS_MAIL if listed else STUDENTS_OF_UNLISTED_SCHOOLS,
        campus_mail=0.85 if rng.random() < 0.7 else 0.25,
        claims_school=0.99,
        pays_by_card=0.2,
        research=0.02,
    )
    school = people.school(place, habits)
    return _Lesson(
        school=school,
        habits=habits,
        image=people.browser(phone=False) if rng.random() < _IN_A_ROOM else None,
        instructions=class_use(rng) if rng.random() < 0.3 else None,
        address=rng.choice(school.campus),
        build=BUILD_BY_SHARE.draw(rng),
        group=f"class_{token(rng, 8)}",
    )


def _size(rng: random.Random) -> int:
    return round(min(120.0, max(30.0, rng.lognormvariate(4.09, 0.34))))
