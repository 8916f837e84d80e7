"""A4: aged or compromised mailboxes of colleges that give them out freely, bought by the hundred."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL


class AgedMailboxes(Campaign):
    """Bought academic mailboxes; an e-mailed code proves nothing here."""

    family: ClassVar[str] = "A4"
    share: ClassVar[float] = 0.06
    accounts: ClassVar[tuple[int, int]] = (300, 3000)
    days: ClassVar[tuple[float, float]] = (20.0, 40.0)
    habits = replace(STUDENTS_WITH_CAMPUS_MAIL, campus_network=0.0)

    def prepare(self) -> None:
        rng = self.rng
        self.schools = rng.sample(self.people.tables.schools.open_enrolment, rng.randrange(1, 9))
        self.machines = self.more(2, 6, self.machine)
        self.cards = self.more(1, 5, self.card)
        self.name_fits = rng.uniform(0.3, 0.6)

    def dress(self, draft: Draft) -> Manner:
        rng, school = self.rng, self.rng.choice(self.schools)
        self.equip(draft)
        if draft.institution_name is not None:
            self.people.claim(draft, school, self.habits)
        holder = draft.name if rng.random() < self.name_fits else self.people.tables.names.draw(school.place, rng)
        draft.email = self.people.campus_mail(holder, school, draft.birth_year)
        return self.manual_or_sheet(draft)
