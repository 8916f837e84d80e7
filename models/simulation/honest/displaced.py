"""Displaced and stateless scholars, mononyms, and names that every document spells differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.simulation.arrival import Arrival, Day
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, STUDENTS_WITH_WEBMAIL, People
from models.simulation.streams import poisson
from models.simulation.tables.names import mononym, respelt
from models.simulation.tables.networks import NetworkUse


@dataclass(frozen=True, slots=True)
class Displaced:
    """People whose papers, phone and connection come from different countries."""

    id: str = "H8"
    share: float = 0.02

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's displaced people."""
        rng = people.rng
        for _ in range(poisson(rng, day.expected)):
            home, host = (day.calendar.places(day.date).draw(rng) for _ in range(2))
            at = day.calendar.moment(rng.choice(host.zones), day.date, rng)
            habits = STUDENTS_WITH_CAMPUS_MAIL if rng.random() < 0.35 else STUDENTS_WITH_WEBMAIL
            settled = replace(habits, claims_school=0.6, on_a_phone=0.5, phone=0.8)
            draft = people.person(home, settled, at)
            if rng.random() < 0.6:
                draft.timezone = rng.choice(host.zones)
                draft.ip, draft.use = people.tables.networks.home(host, rng), NetworkUse.HOME
                if draft.phone is not None and rng.random() < 0.6:
                    draft.phone = people.tables.phones.mobile(host, rng)
            written = mononym(draft.name) if rng.random() < 0.25 else respelt(draft.name, rng)
            draft.name = written
            if draft.card is not None and rng.random() < 0.3:
                prepaid = people.tables.issuers.prepaid(host, rng)
                draft.card = replace(draft.card, issuer=prepaid, cardholder=respelt(written, rng).latin)
            yield Arrival(at, draft, self.id)
