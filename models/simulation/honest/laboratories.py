"""Laboratories: a few people over months on one card, in the name of the principal investigator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from models.simulation.arrival import Arrival, Day
from models.simulation.builds import BUILD_BY_SHARE
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, People
from models.simulation.streams import poisson, token
from models.simulation.tables.networks import NetworkUse

_MEAN_SIZE = 9.0
_LIFE_DAYS = 90.0


@dataclass(frozen=True, slots=True)
class Laboratories:
    """Research groups whose members sign up as they join; some share a workstation."""

    id: str = "H6"
    share: float = 0.03

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """The laboratories that begin that day, with all their members to come."""
        rng = people.rng
        habits = replace(STUDENTS_WITH_CAMPUS_MAIL, research=0.75, campus_network=0.8, campus_mail=0.92, orcid=0.25)
        for _ in range(poisson(rng, day.expected / _MEAN_SIZE)):
            place = day.calendar.places(day.date).draw(rng)
            school = people.school(place, habits)
            group = f"laboratory_{token(rng, 8)}"
            leader = people.person(place, habits, day.calendar.start, school=school)
            people.pay(leader)
            leader.build = BUILD_BY_SHARE.draw(rng)
            workstation = leader if rng.random() < 0.15 else None
            for _ in range(min(25, max(3, round(rng.lognormvariate(2.05, 0.55))))):
                later = day.date + timedelta(days=int(min(_LIFE_DAYS, rng.expovariate(1 / 14.0))))
                at = day.calendar.moment(place.zones[0], later, rng)
                draft = people.person(place, habits, at, school=school)
                if rng.random() < 0.92:
                    people.pay(draft, leader.card)
                if workstation is not None and rng.random() < 0.7:
                    draft.device_id, draft.browser = workstation.device_id, workstation.browser
                    draft.hides_device, draft.build = workstation.hides_device, workstation.build
                    draft.ja4, draft.ip, draft.use = workstation.ja4, school.campus[0], NetworkUse.ACADEMIC
                yield Arrival(at, draft, self.id, group)
