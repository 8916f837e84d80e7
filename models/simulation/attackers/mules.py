"""A19: verification mules, real people paid to pass a check once."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.decks import Deck
from models.simulation.draft import Draft
from models.simulation.form import Manner, ordinary_manner
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL


class Mules(Campaign):
    """They pass as honest people do; devices and pay-out cards come back a few times later."""

    family: ClassVar[str] = "A19"
    share: ClassVar[float] = 0.02
    accounts: ClassVar[tuple[int, int]] = (100, 1000)
    days: ClassVar[tuple[float, float]] = (20.0, 60.0)
    never_labelled: ClassVar[float] = 0.25
    keeps_hours: ClassVar[float] = 1.0  # people sleep, whoever pays them
    habits = STUDENTS_WITH_CAMPUS_MAIL

    def prepare(self) -> None:
        self.machines = Deck(self.rng, self.machine, uses=self.rng.uniform(2, 5), shared=0.5, hands=20)
        self.cards = Deck(self.rng, self.card, uses=self.rng.uniform(2, 5), shared=0.5, hands=20)

    def dress(self, draft: Draft) -> Manner:
        if self.rng.random() < 0.5:
            self.use_machine(draft)
        self.use_card(draft)
        return ordinary_manner(draft, self.rng)
