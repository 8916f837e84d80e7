"""Families: twins, siblings and couples on one laptop, one address and often one card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from models.simulation.arrival import Arrival, Day
from models.simulation.builds import BUILD_BY_SHARE
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, STUDENTS_WITH_WEBMAIL, People
from models.simulation.streams import poisson, token
from models.simulation.tables.networks import neighbouring_device

_MEAN_SIZE = 2.3


@dataclass(frozen=True, slots=True)
class Families:
    """Two to four people of one family name, minutes to two months apart."""

    id: str = "H10"
    share: float = 0.02

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """The families whose first member comes that day."""
        rng = people.rng
        for _ in range(poisson(rng, day.expected / _MEAN_SIZE)):
            place = day.calendar.places(day.date).draw(rng)
            at = day.calendar.moment(rng.choice(place.zones), day.date, rng)
            group = f"family_{token(rng, 8)}"
            first = people.person(place, STUDENTS_WITH_WEBMAIL, at)
            first.build = BUILD_BY_SHARE.draw(rng)
            people.at_home(first)
            yield Arrival(at, first, self.id, group)
            for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3))):
                gap = rng.uniform(60, 5400) if rng.random() < 0.5 else rng.uniform(0, 60) * 86_400
                then = at + timedelta(seconds=gap)
                habits = STUDENTS_WITH_CAMPUS_MAIL if rng.random() < 0.4 else STUDENTS_WITH_WEBMAIL
                draft = people.person(place, habits, then)
                draft.name = people.tables.names.draw(place, rng, family=first.name.latin_family)
                draft.email = people.webmail(draft.name, place, draft.birth_year)
                draft.timezone = first.timezone
                if rng.random() < 0.8:
                    draft.device_id, draft.browser, draft.ja4 = first.device_id, first.browser, first.ja4
                    draft.hides_device, draft.build = first.hides_device, first.build
                if rng.random() < 0.95:
                    draft.ip, draft.use = neighbouring_device(first.ip, rng.getrandbits(64)), first.use
                if first.card is not None and rng.random() < 0.5:
                    people.pay(draft, first.card)
                if first.phone is not None and rng.random() < 0.1:
                    draft.phone = first.phone
                yield Arrival(then, draft, self.id, group)
