"""Privacy users: behind a VPN, often without a device id or under a relay address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.simulation.arrival import Arrival, Day
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL, STUDENTS_WITH_WEBMAIL, People
from models.simulation.streams import poisson, token
from models.simulation.tables.networks import NetworkUse
from models.simulation.tables.tables import RELAYS

_THROUGH_A_BROKER = 0.1
"""Some buy their privacy where operators buy their exits."""


@dataclass(frozen=True, slots=True)
class PrivacyUsers:
    """Ordinary students with privacy tools."""

    id: str = "H7"
    share: float = 0.05

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's privacy users."""
        rng = people.rng
        for _ in range(poisson(rng, day.expected)):
            place = day.calendar.places(day.date).draw(rng)
            at = day.calendar.moment(rng.choice(place.zones), day.date, rng)
            habits = STUDENTS_WITH_CAMPUS_MAIL if rng.random() < 0.5 else STUDENTS_WITH_WEBMAIL
            draft = people.person(place, habits, at)
            draft.use = NetworkUse.VPN if rng.random() < 0.85 else NetworkUse.HOSTING
            through_broker, which = rng.random() < _THROUGH_A_BROKER, rng.random()
            own = people.tables.networks.vpn_exit(rng)
            rented = people.tables.networks.exit(NetworkUse.HOSTING, rng).ip(rng)
            sold = people.neighbourhood.buy_privacy(which) if through_broker else None
            if sold is not None:
                draft.ip, draft.use = sold[0], NetworkUse.HOME
                draft.phone = sold[1] if draft.phone is not None and sold[1] else draft.phone
            elif draft.use is NetworkUse.VPN:
                draft.ip = own
            else:
                draft.ip = rented
            draft.hides_device = rng.random() < 0.4
            if rng.random() < 0.2:
                draft.timezone = "UTC"
            if rng.random() < 0.25:
                draft.email = f"{token(rng, 10).lower()}@{rng.choice(RELAYS)}"
            elif rng.random() < 0.02:
                draft.email = f"{draft.email.split('@')[0]}@{people.tables.disposable.draw(rng)}"
            yield Arrival(at, draft, self.id)
