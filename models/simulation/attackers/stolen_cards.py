"""A12: stolen identities and cards, tried until one works."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from models.signup import CheckResult
from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import STUDENTS_WITH_WEBMAIL


class StolenCards(Campaign):
    """Real names and their cards, of the right country; checks fail more often than for their owners."""

    family: ClassVar[str] = "A12"
    share: ClassVar[float] = 0.05
    accounts: ClassVar[tuple[int, int]] = (100, 1500)
    days: ClassVar[tuple[float, float]] = (2.0, 20.0)
    habits = replace(STUDENTS_WITH_WEBMAIL, pays_by_card=0.8)

    def prepare(self) -> None:
        self.machines = self.more(2, 8, self.machine)
        self.fails = self.rng.uniform(0.15, 0.35)

    def dress(self, draft: Draft) -> Manner:
        rng, own = self.rng, draft.card
        self.use_machine(draft)
        self.use_phone(draft)
        self.use_residential_exit(draft)
        self.use_webmail(draft)
        if own is not None:
            draft.failed_attempts = min(4, int(rng.expovariate(1.1)))
            draft.cvc = CheckResult.FAIL if rng.random() < self.fails else draft.cvc
            draft.postal_check = CheckResult.FAIL if rng.random() < self.fails else draft.postal_check
            draft.card = replace(own, cardholder=draft.name.latin.upper() if rng.random() < 0.5 else draft.name.latin)
        return self.manual_or_sheet(draft)
