"""A2: one mailbox under hundreds of spellings, with dots and tags."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.decks import Deck
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.mailboxes import first_last_number, mailbox
from models.simulation.streams import token


class MailboxFarm(Campaign):
    """A person with one mailbox and patience."""

    family: ClassVar[str] = "A2"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (50, 300)
    days: ClassVar[tuple[float, float]] = (1.0, 5.0)

    def prepare(self) -> None:
        place = self.countries.draw(self.rng)
        owner = self.people.tables.names.draw(place, self.rng)
        self.local = mailbox(owner, "gmail.com", first_last_number, self.rng, 1998).split("@")[0]
        self.machines = Deck(self.rng, self.machine, uses=self.rng.uniform(4, 20), hands=2)
        self.phones = Deck(self.rng, self.phone, uses=5, hands=2)
        self.cards = Deck(self.rng, self.card, uses=6, hands=2)
        self.dots = self.rng.random() < 0.6

    def dress(self, draft: Draft) -> Manner:
        self.use_machine(draft)
        self.use_card(draft)
        self.use_phone(draft)
        self.use_residential_exit(draft)
        draft.email = f"{self._spelling()}@gmail.com"
        return self.manual_or_sheet(draft)

    def _spelling(self) -> str:
        rng, local = self.rng, self.local
        if not self.dots or rng.random() < 0.3:
            return f"{local}+{token(rng, rng.randrange(2, 6)).lower()}"
        dotted = local[0]
        for letter in local[1:]:
            dotted += f".{letter}" if rng.random() < 0.3 else letter
        return dotted
