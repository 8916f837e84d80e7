"""A10: an insider who makes mailboxes at a real university."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.mailboxes import convention_of, mailbox
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL
from models.simulation.streams import Weighted
from models.simulation.tables.networks import NetworkUse


class Insider(Campaign):
    """One listed domain; mailboxes in sequence where it has numbers, else from a dictionary; single sign-on works."""

    family: ClassVar[str] = "A10"
    share: ClassVar[float] = 0.05
    accounts: ClassVar[tuple[int, int]] = (500, 2000)
    days: ClassVar[tuple[float, float]] = (5.0, 40.0)
    habits = STUDENTS_WITH_CAMPUS_MAIL

    def prepare(self) -> None:
        rng = self.rng
        self.school = self.people.tables.schools.listed(self.countries.draw(rng), rng)
        self.countries = Weighted((self.school.place,), (1.0,))
        self.convention = convention_of(self.school.domain)
        # The school's own form of student number, as its honest students have it; only the sequence is the insider's.
        self.first = self.convention.student_number(rng)
        self.step = 0
        self.machines = self.more(3, 9, self.machine)
        self.cards = self.more(1, 6, self.card)
        self.on_campus = rng.uniform(0.05, 0.4)

    def dress(self, draft: Draft) -> Manner:
        rng = self.rng
        self.equip(draft)
        if draft.institution_name is not None or rng.random() < 0.9:
            self.people.claim(draft, self.school, self.habits)
        if rng.random() < self.on_campus:
            draft.ip, draft.use = rng.choice(self.school.campus), NetworkUse.ACADEMIC
        if self.convention.numbered:
            self.step += rng.choice((1, 1, 1, 2, 3, 7))
            letters = self.first.rstrip("0123456789")
            draft.email = f"{letters}{int(self.first[len(letters) :]) + self.step}@{self.school.domain}"
        else:
            draft.email = mailbox(draft.name, self.school.domain, self.convention.names, rng, draft.birth_year)
        return self.manual_or_sheet(draft)
