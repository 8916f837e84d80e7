"""A13: an institution that exists only as a web site and a mail domain."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import STUDENTS_OF_UNLISTED_SCHOOLS
from models.simulation.tables.schools import invented_school


class FakeInstitution(Campaign):
    """A look-alike of a listed school, or a plausible new one."""

    family: ClassVar[str] = "A13"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (50, 500)
    days: ClassVar[tuple[float, float]] = (5.0, 40.0)
    habits = replace(STUDENTS_OF_UNLISTED_SCHOOLS, campus_mail=0.95, campus_network=0.0, website=0.2)

    def prepare(self) -> None:
        rng, tables = self.rng, self.people.tables
        place = self.countries.draw(rng)
        invented = invented_school(place, tables.names, tables.networks, rng)
        if rng.random() < 0.6:
            model = tables.schools.listed(place, rng)
            invented = replace(invented, name=_alike(model.name, rng), domain=_alike_domain(model.domain, rng))
        self.school = invented
        self.machines = self.more(1.5, 6, self.machine)
        self.cards = self.more(1, 5, self.card)
        self.phones = self.more(1, 4, self.phone)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        if draft.institution_name is not None or self.rng.random() < 0.8:
            self.people.claim(draft, self.school, self.habits)
        draft.email = self.people.campus_mail(draft.name, self.school, draft.birth_year)
        if draft.website is not None:
            draft.website = f"https://www.{self.school.domain}"
        return self.manual_or_sheet(draft)


def _alike(name: str, rng: random.Random) -> str:
    return rng.choice((f"{name} International", f"New {name}", f"{name} of Applied Sciences", f"{name} Online"))


def _alike_domain(domain: str, rng: random.Random) -> str:
    label = max(domain.split("."), key=len)
    return rng.choice((f"{label}-edu.org", f"{label}university.com", f"{label}-online.org", f"my{label}.net"))
