"""A17: one operator across educational and research programmes."""

from __future__ import annotations

from typing import ClassVar

from models.signup import AccountType
from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import INDEPENDENTS


class CrossProgramme(Campaign):
    """The same equipment under both account types, each below its own thresholds."""

    family: ClassVar[str] = "A17"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (200, 2000)
    days: ClassVar[tuple[float, float]] = (5.0, 40.0)
    passes_challenges: ClassVar[float] = 0.35
    research_share: ClassVar[float] = 0.4

    def prepare(self) -> None:
        self.machines = self.more(2, 8, self.machine)
        self.cards = self.more(2, 8, self.card)
        self.phones = self.more(1, 4, self.phone)

    def dress(self, draft: Draft) -> Manner:
        if self.rng.random() < self.research_share:
            draft.account_type = AccountType.RESEARCH
            draft.role = self.people.role(research=True, claims=draft.institution_name is not None)
            self.people.tell(draft, INDEPENDENTS)
        self.equip(draft)
        self.use_webmail(draft)
        return self.manual_or_sheet(draft)
