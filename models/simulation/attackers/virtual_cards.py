"""A5: a new virtual card for every account, all of a few programmes."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import STUDENTS_WITH_WEBMAIL


class VirtualCards(Campaign):
    """Cards without reuse; two to six BINs and the account's own name on each."""

    family: ClassVar[str] = "A5"
    share: ClassVar[float] = 0.06
    accounts: ClassVar[tuple[int, int]] = (500, 5000)
    days: ClassVar[tuple[float, float]] = (3.0, 30.0)
    habits = replace(STUDENTS_WITH_WEBMAIL, pays_by_card=0.65)

    def prepare(self) -> None:
        rng, issuers = self.rng, self.people.tables.issuers
        self.issuers = tuple(
            issuers.virtual.draw(rng) if rng.random() < 0.8 else issuers.prepaid(self.countries.draw(rng), rng)
            for _ in range(rng.randrange(2, 7))
        )
        self.machines = self.more(1.5, 8, self.machine)
        self.phones = self.more(1, 4, self.phone)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        self.use_webmail(draft)
        if draft.card is not None:
            draft.card = replace(draft.card, cardholder=draft.name.latin)
        return self.manual_or_sheet(draft)
