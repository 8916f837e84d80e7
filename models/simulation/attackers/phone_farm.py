"""A11: a farm of handsets on mobile data, with numbers bought in blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.decks import Deck
from models.simulation.draft import Draft
from models.simulation.form import Manner, ordinary_manner
from models.simulation.people import STUDENTS_WITH_WEBMAIL
from models.simulation.streams import Weighted, token
from models.simulation.tables.networks import NetworkUse


class PhoneFarm(Campaign):
    """Each handset serves five to thirty accounts and mostly forgets its id in between."""

    family: ClassVar[str] = "A11"
    share: ClassVar[float] = 0.05
    accounts: ClassVar[tuple[int, int]] = (1000, 6000)
    days: ClassVar[tuple[float, float]] = (5.0, 60.0)
    habits = replace(STUDENTS_WITH_WEBMAIL, on_a_phone=1.0, phone=0.85)

    def prepare(self) -> None:
        rng = self.rng
        place = self.countries.draw(rng)
        self.countries = Weighted((place,), (1.0,))
        self.blocks = [self.people.tables.phones.block(place, rng) for _ in range(rng.randrange(3, 11))]
        self.phones = self.more(1, 2, self._number)
        self.machines = Deck(rng, self.machine, uses=rng.uniform(5, 30), hands=200)
        # Some tether: the handset gives the connection and the number, a computer fills in the form.
        self.tethered = rng.uniform(0.0, 0.5)
        self.resets = rng.uniform(0.75, 0.95)
        self.cards = self.more(1, 6, self.card)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        if self.rng.random() < self.tethered:
            draft.browser = self.people.browser(phone=False)
            draft.ja4 = self.people.tables.browsers.ja4(draft.browser.stack, self.rng)
        if self.rng.random() < self.resets:
            draft.device_id = token(self.rng, 22)
        draft.ip, draft.use = self.people.tables.networks.carrier(draft.place, self.rng), NetworkUse.MOBILE
        self.use_webmail(draft)
        return ordinary_manner(draft, self.rng)

    def _number(self) -> str:
        return self.rng.choice(self.blocks).number(self.rng)
