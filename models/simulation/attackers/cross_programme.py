"""A17: one operator across the educational, the research and the ordinary programme.

The accounts are split 50, 30 and 20 %. The third part never passes through this service, whose sign-ups are
educational or research: what is seen is the other two, 5 to 3, with the equipment also worn by what is not seen.
"""

from __future__ import annotations

from typing import ClassVar

from models.signup import AccountType
from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import INDEPENDENTS

_EDUCATIONAL, _RESEARCH, _UNSEEN = 0.5, 0.3, 0.2


class CrossProgramme(Campaign):
    """The same equipment under both account types, each below its own thresholds."""

    family: ClassVar[str] = "A17"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (200, 2000)
    days: ClassVar[tuple[float, float]] = (5.0, 40.0)

    def prepare(self) -> None:
        self.machines = self.more(2, 8, self.machine)
        self.cards = self.more(2, 8, self.card)
        self.phones = self.more(1, 4, self.phone)

    def dress(self, draft: Draft) -> Manner:
        if self.rng.random() < _UNSEEN / (_EDUCATIONAL + _RESEARCH):
            for worn in (self.machines, self.cards, self.phones):
                worn.deal()
        if self.rng.random() < _RESEARCH / (_EDUCATIONAL + _RESEARCH):
            draft.account_type = AccountType.RESEARCH
            draft.role = self.people.role(research=True, claims=draft.institution_name is not None)
            self.people.tell(draft, INDEPENDENTS)
        self.equip(draft)
        self.use_webmail(draft)
        return self.manual_or_sheet(draft)
