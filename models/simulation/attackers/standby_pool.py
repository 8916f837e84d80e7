"""A16: a standby pool, opened long before the ban of the first and used only after it."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.exits import ResidentialExits
from models.simulation.draft import Draft
from models.simulation.form import Manner


class StandbyPool(Campaign):
    """Two pools of one operator with other vendors each; at most one account in a hundred links them."""

    family: ClassVar[str] = "A16"
    share: ClassVar[float] = 0.04
    accounts: ClassVar[tuple[int, int]] = (300, 4000)
    days: ClassVar[tuple[float, float]] = (20.0, 60.0)
    passes_challenges: ClassVar[float] = 0.35
    never_labelled: ClassVar[float] = 0.25

    def prepare(self) -> None:
        self.pools = (_Pool(self), _Pool(self))
        self.second_share = self.rng.uniform(0.25, 0.5)
        self.crossing = self.rng.uniform(0.0, 0.01)

    def dress(self, draft: Draft) -> Manner:
        rng = self.rng
        second = rng.random() < self.second_share
        pool = self.pools[second]
        self.exits, self.mail_styles, self.issuers = pool.exits, pool.mail_styles, pool.issuers
        lender = self.pools[not second] if rng.random() < self.crossing else pool
        self.use_machine(draft, lender.machines.deal())
        self.use_card(draft, pool.cards.deal())
        self.use_phone(draft, pool.phones.deal())
        self.use_residential_exit(draft)
        self.use_webmail(draft)
        return self.manual_or_sheet(draft)


class _Pool:
    """What one pool was bought from: nothing of it is in the other."""

    def __init__(self, owner: StandbyPool) -> None:
        people = owner.people
        self.exits = ResidentialExits(people.tables, people.neighbourhood, owner.rng)
        self.mail_styles = owner.pick_mail_styles(8)
        self.issuers = owner.pick_issuers(5)
        self.machines = owner.more(2, 8, owner.machine)
        self.cards = owner.more(2, 10, owner.card)
        self.phones = owner.more(1, 4, owner.phone)
