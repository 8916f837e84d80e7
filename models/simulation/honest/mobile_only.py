"""Mobile-only people: a phone behind carrier-grade NAT, another address every session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.simulation.arrival import Arrival, Day
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, STUDENTS_WITH_WEBMAIL, People
from models.simulation.streams import Weighted, poisson
from models.simulation.tables.networks import NetworkUse
from models.simulation.tables.places import Place


@dataclass(frozen=True, slots=True)
class MobileOnly:
    """Students without a computer; most where data is cheaper than cables."""

    id: str = "H11"
    share: float = 0.05

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's mobile-only people."""
        rng = people.rng
        places = _mobile_places(day.calendar.places(day.date))
        for _ in range(poisson(rng, day.expected)):
            place = places.draw(rng)
            at = day.calendar.moment(rng.choice(place.zones), day.date, rng)
            habits = STUDENTS_WITH_WEBMAIL if rng.random() < 0.6 else STUDENTS_WITH_CAMPUS_MAIL
            draft = people.person(place, replace(habits, on_a_phone=1.0, pays_by_card=0.35), at)
            draft.ip, draft.use = people.tables.networks.carrier(place, rng), NetworkUse.MOBILE
            if draft.card is not None and rng.random() < 0.2:
                draft.card = replace(draft.card, issuer=people.tables.issuers.prepaid(place, rng))
            yield Arrival(at, draft, self.id)


def _mobile_places(places: Weighted[Place]) -> Weighted[Place]:
    """The same countries, those with many prepaid customers more often."""
    return Weighted(places.items, [place.weight * place.prepaid for place in places.items])
