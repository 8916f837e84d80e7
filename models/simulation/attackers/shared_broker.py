"""A18: operators who buy from one broker, as some honest privacy users do."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner


class SharedBroker(Campaign):
    """Exits, cards and numbers of the vendor of two to five other operators: clusters touch, owners differ."""

    family: ClassVar[str] = "A18"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (100, 1000)
    days: ClassVar[tuple[float, float]] = (5.0, 40.0)

    def prepare(self) -> None:
        self.machines = self.more(2, 8, self.machine)
        self.cards = self.more(1, 6, self.card)
        self.phones = self.more(1, 4, self.phone)
        self.broker = self.people.neighbourhood.broker_with_room(self.rng)
        self.brokered = self.rng.uniform(0.4, 0.8)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        self.use_webmail(draft)
        if self.rng.random() < self.brokered:
            draft.ip = self.broker.exit(draft.ip, self.rng)
            if draft.phone is not None:
                draft.phone = self.broker.phone(draft.phone, self.rng)
            if draft.card is not None:
                draft.card = self.broker.card(draft.card, self.rng)
        return self.manual_or_sheet(draft)
