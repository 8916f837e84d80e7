"""A8: ban and replace, every banned account comes back within hours with some of its old equipment."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner


class Replacer(Campaign):
    """Changes the address and the mailbox always, the device mostly, phone and card half of the time."""

    family: ClassVar[str] = "A8"
    share: ClassVar[float] = 0.08
    accounts: ClassVar[tuple[int, int]] = (100, 2000)
    days: ClassVar[tuple[float, float]] = (5.0, 60.0)
    replaces_within_hours: ClassVar[tuple[float, float] | None] = (3.0, 30.0)

    def prepare(self) -> None:
        self.machines = self.more(1.5, 6, self.machine)
        self.cards = self.more(1.5, 8, self.card)
        self.phones = self.more(1, 4, self.phone)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        self.use_webmail(draft)
        before = self.replacing
        if before is not None:
            if self.rng.random() < 0.1:
                draft.device_id, draft.browser, draft.ja4 = before.device_id, before.browser, before.ja4
            if before.phone is not None and self.rng.random() < 0.4:
                draft.phone = before.phone
            if before.card is not None and self.rng.random() < 0.5:
                self.people.pay(draft, before.card)
        return self.manual_or_sheet(draft)
