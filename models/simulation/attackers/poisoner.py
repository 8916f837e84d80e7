"""A20: a poisoner, who earns trust for identifiers and then drowns bans in harmless links."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.decks import Deck
from models.simulation.draft import Draft
from models.simulation.form import Manner, ordinary_manner
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL

_GROWN = (20, 50)
_FLOOD = 256
"""As many links of an identifier as a history with a window would look back on."""
_PATIENCE = timedelta(days=10)


class Poisoner(Campaign):
    """Grows 20 to 50 spotless accounts; abuses an identifier until it is banned; floods it with 256 harmless
    sign-ups, so that the ban is out of sight; then goes on abusing it. Smaller operators do the same on their scale.
    """

    family: ClassVar[str] = "A20"
    share: ClassVar[float] = 0.02
    accounts: ClassVar[tuple[int, int]] = (330, 500)
    days: ClassVar[tuple[float, float]] = (20.0, 60.0)
    habits = STUDENTS_WITH_CAMPUS_MAIL

    def prepare(self) -> None:
        rng, accounts = self.rng, self.brief.accounts
        self.grown = min(accounts // 5 + 1, rng.randint(*_GROWN))
        self.bait = min(accounts // 10 + 1, rng.randint(3, 8))
        self.flood = min(_FLOOD, round((accounts - self.grown - self.bait) * 0.7))
        self.trusted = Deck(rng, self.machine, uses=4, hands=3)
        self.poisoned = self.machine()
        self.number, self.instrument = self.phone(), self.card()
        self.opened = 0
        self.banned_at: datetime | None = None
        self.waiting_since: datetime | None = None
        self.flood_minutes = rng.uniform(6, 48) * 60 / max(1, self.flood)

    def waits(self, now: datetime) -> bool:
        """The flood begins when the bait is banned, or when that has not happened for long."""
        if self.opened != self.grown + self.bait or self.banned_at is not None:
            return False
        self.waiting_since = self.waiting_since or now
        if now - self.waiting_since > _PATIENCE:
            return False
        self.put_off(now + timedelta(hours=self.rng.expovariate(0.5)))
        return True

    def banned(self, now: datetime, account: Draft) -> None:
        super().banned(now, account)
        if account.device_id == self.poisoned.device_id and self.banned_at is None:
            self.banned_at = now

    def dress(self, draft: Draft) -> Manner:
        self.opened += 1
        self.earns_trust = self.opened <= self.grown
        if self.earns_trust:
            self.variant = "A20-grown"
            if self.opened % 5 == 0:
                self.use_machine(draft, self.trusted.deal())
            return ordinary_manner(draft, self.rng)
        after = self.opened - self.grown - self.bait
        flooding = 0 < after <= self.flood
        self.variant = "A20-flood" if flooding else "A20-abuse"
        if flooding:
            self.put_off(self.now + timedelta(minutes=self.rng.expovariate(1 / self.flood_minutes)))
            # Harmless in all but one thing: real people's habits, and the identifier that is to be washed.
            self.use_machine(draft, self.poisoned)
            return ordinary_manner(draft, self.rng)
        self.use_residential_exit(draft)
        self.use_webmail(draft)
        self.use_machine(draft, self.poisoned)
        self.use_phone(draft, self.number)
        if draft.card is not None and self.rng.random() < 0.7:
            self.use_card(draft, self.instrument)
        return self.manual_or_sheet(draft)
