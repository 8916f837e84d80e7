"""A18: operators who buy from one broker, as honest privacy users do."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner


class SharedBroker(Campaign):
    """Exits, cards and numbers of the same vendor as other operators': clusters touch, owners differ."""

    family: ClassVar[str] = "A18"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (100, 1000)
    days: ClassVar[tuple[float, float]] = (5.0, 40.0)
    passes_challenges: ClassVar[float] = 0.35

    def prepare(self) -> None:
        self.machines = self.more(2, 8, self.machine)
        self.cards = self.more(1, 6, self.card)
        self.phones = self.more(1, 4, self.phone)
        self.brokered = self.rng.uniform(0.2, 0.6)

    def dress(self, draft: Draft) -> Manner:
        rng, around = self.rng, self.people.neighbourhood
        self.equip(draft)
        self.use_webmail(draft)
        sold = around.broker_exit(rng.random()) if rng.random() < self.brokered else None
        if sold is not None and rng.random() < 0.85:
            draft.ip = sold
        else:
            around.sells(draft.ip)
        draft.phone, draft.card = around.resold(draft.phone, draft.card, rng)
        return self.manual_or_sheet(draft)
