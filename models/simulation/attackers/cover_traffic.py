"""A15: cover traffic, a hydra that moves only while honest crowds do."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL


class CoverTraffic(Campaign):
    """Opens accounts while classes and residences sign up, some through their own addresses."""

    family: ClassVar[str] = "A15"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (200, 2000)
    days: ClassVar[tuple[float, float]] = (5.0, 30.0)
    passes_challenges: ClassVar[float] = 0.3
    habits = replace(STUDENTS_WITH_CAMPUS_MAIL, campus_mail=0.0, campus_network=0.0)

    def prepare(self) -> None:
        self.machines = self.more(2, 8, self.machine)
        self.cards = self.more(2, 8, self.card)
        self.phones = self.more(1, 4, self.phone)
        self.through_campus = self.rng.uniform(0.10, 0.25)

    def dress(self, draft: Draft) -> Manner:
        rng = self.rng
        self.equip(draft)
        self.use_webmail(draft)
        crowd = self.people.neighbourhood.gathering(rng.random())
        if crowd is not None and crowd.school is not None:
            if draft.institution_name is not None:
                self.people.claim(draft, crowd.school, self.habits)
            if rng.random() < self.through_campus:
                draft.ip, draft.use, draft.timezone = crowd.ip, crowd.use, crowd.timezone
        return self.manual_or_sheet(draft)
