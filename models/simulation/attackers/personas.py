"""A14: personas written by a language model, coherent and never the same."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import SYNTHETIC, Manner
from models.simulation.people import STUDENTS_WITH_WEBMAIL
from models.simulation.texts import paraphrased, persona_template, study_use


class Personas(Campaign):
    """Every stated use is a paraphrase; the typing is synthetic, right on average and too even."""

    family: ClassVar[str] = "A14"
    share: ClassVar[float] = 0.05
    accounts: ClassVar[tuple[int, int]] = (300, 3000)
    days: ClassVar[tuple[float, float]] = (5.0, 40.0)
    habits = replace(STUDENTS_WITH_WEBMAIL, stated_use=0.9, website=0.1)

    def prepare(self) -> None:
        rng = self.rng
        self.templates = [persona_template(rng) for _ in range(rng.randrange(3, 15))]
        self.changed = rng.uniform(0.1, 0.5)
        self.machines = self.more(1, 5, self.machine)
        self.cards = self.more(1, 6, self.card)
        self.phones = self.more(1, 3, self.phone)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        self.use_webmail(draft)
        if draft.stated_use is not None:
            # A model writes in the language of the persona; what it writes is never the same.
            own = study_use(self.rng, language=draft.place.languages[0])
            draft.stated_use = (
                own if not own.isascii() else paraphrased(self.rng.choice(self.templates), self.rng, self.changed)
            )
        return SYNTHETIC
