"""A9: honest-looking resellers, who pay real people to open accounts."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner, ordinary_manner
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL


class Resellers(Campaign):
    """Real people at their own machines; three in ten leave a common card or number."""

    family: ClassVar[str] = "A9"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (20, 200)
    days: ClassVar[tuple[float, float]] = (30.0, 90.0)
    never_labelled: ClassVar[float] = 0.25
    keeps_hours: ClassVar[float] = 1.0  # people sleep, whoever pays them
    habits = STUDENTS_WITH_CAMPUS_MAIL

    def prepare(self) -> None:
        self.cards = self.more(2, 5, self.card)
        self.phones = self.more(2, 4, self.phone)
        self.clean = self.rng.uniform(0.6, 0.8)

    def dress(self, draft: Draft) -> Manner:
        if self.rng.random() >= self.clean:
            if self.rng.random() < 0.6:
                self.use_card(draft)
            else:
                self.use_phone(draft)
        if self.rng.random() < 0.1:
            draft.invited_by = f"acct_{self.id[-3:]}{self.brief.accounts}"
        return ordinary_manner(draft, self.rng)
