"""A7: a slow drip, a few accounts a day for months."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers import paces
from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner


class Drip(Campaign):
    """Nothing happens often enough to be a burst."""

    family: ClassVar[str] = "A7"
    share: ClassVar[float] = 0.04
    accounts: ClassVar[tuple[int, int]] = (80, 400)
    days: ClassVar[tuple[float, float]] = (60.0, 150.0)
    never_labelled: ClassVar[float] = 0.25

    def prepare(self) -> None:
        rng = self.rng
        per_day = min(4.0, max(1.0, self.brief.accounts / self.brief.days))
        self.pace = paces.Drip(per_day, rng.uniform(0.6, 1.6), self.hours)
        self.cards = self.more(4, 12, self.card)
        self.phones = self.more(2, 4, self.phone)
        self.machines = self.more(1, 4, self.machine)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        self.use_webmail(draft)
        return self.manual_or_sheet(draft)
