"""A20: a poisoner, who earns trust for identifiers and then drowns bans in harmless links."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.decks import Deck
from models.simulation.draft import Draft
from models.simulation.form import Manner, ordinary_manner
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL


class Poisoner(Campaign):
    """Grows twenty to fifty spotless accounts, then floods one device and number with clean ones."""

    family: ClassVar[str] = "A20"
    share: ClassVar[float] = 0.02
    accounts: ClassVar[tuple[int, int]] = (150, 500)
    days: ClassVar[tuple[float, float]] = (20.0, 60.0)
    passes_challenges: ClassVar[float] = 0.6
    habits = STUDENTS_WITH_CAMPUS_MAIL

    def prepare(self) -> None:
        self.grown = min(self.brief.accounts // 3, self.rng.randrange(20, 51))
        self.machines = Deck(self.rng, self.machine, uses=4, hands=3)
        self.flooded = self.machines.deal()
        self.card_shown = self.card()
        self.opened = 0

    def dress(self, draft: Draft) -> Manner:
        self.opened += 1
        if self.opened <= self.grown:
            if self.opened % 5 == 0:
                self.use_machine(draft)
            return ordinary_manner(draft, self.rng)
        self.use_residential_exit(draft)
        self.use_webmail(draft)
        if self.rng.random() < 0.8:
            self.use_machine(draft, self.flooded)
        if draft.card is not None and self.rng.random() < 0.5:
            self.use_card(draft, self.card_shown)
        return self.manual_or_sheet(draft)
