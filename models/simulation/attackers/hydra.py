"""A3: the hydra, thousands of accounts behind rotating residential exits, every banned one replaced within hours."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, TypeVar

from models.simulation.attackers.campaign import Campaign, Machine
from models.simulation.attackers.decks import Deck
from models.simulation.attackers.paces import Pace
from models.simulation.draft import Draft
from models.simulation.form import FROM_A_SHEET, Manner, ordinary_manner
from models.simulation.people import STUDENTS_WITH_WEBMAIL
from models.simulation.streams import lognormal
from models.simulation.tables.cards import Card
from models.simulation.texts import study_use

T = TypeVar("T")

VARIANTS = ("A3-crossed", "A3-aligned-more", "A3-aligned", "A3-crossed")
"""Half of the operators deal each kind of identifier by itself, half always deal them together; ``A3-aligned``
uses a bundle for at most three accounts, ``A3-aligned-more`` for up to ten. They take turns, so that a world of three
operators has all three."""

LIVE_MEDIAN, LIVE_SIGMA = 3_000.0, 1.4
DAILY_MEDIAN, DAILY_P90 = 500.0, 1_480.0
"""Sign-ups a day of a disclosed hydra: lognormal, 5th percentile 120, 95th 2,000."""


class Hydra(Campaign):
    """Reuses devices, cards and phones, *crossed* (each kind dealt by itself) or *aligned* (always together)."""

    family: ClassVar[str] = "A3"
    share: ClassVar[float] = 0.26
    accounts: ClassVar[tuple[int, int]] = (273, 20_000)
    days: ClassVar[tuple[float, float]] = (3.0, 40.0)
    habits = replace(STUDENTS_WITH_WEBMAIL, pays_by_card=0.6)
    replaces_within_hours: ClassVar[tuple[float, float] | None] = (3.0, 30.0)

    def prepare(self) -> None:
        rng = self.rng
        self.variant = self.brief.variant or VARIANTS[self.brief.number % len(VARIANTS)]
        self.crossed = self.variant == "A3-crossed"
        self.aligned_uses = rng.uniform(1.1, 3.0) if self.variant == "A3-aligned" else rng.uniform(3.0, 10.0)
        per_day = self.brief.accounts / max(0.02, self.brief.days)
        ramp = rng.uniform(0.05, 0.25) * self.brief.days
        self.pace = Pace(per_day * 1.1, self.hours, self.brief.start, ramp)
        self.kits = Deck(rng, self._kit, uses=self.aligned_uses, hands=10)
        self.machines = self._deck_of(self.template_machine)
        self.cards = self._deck_of(self.card)
        self.phones = self._deck_of(self.phone)
        self.mail_styles = self.pick_mail_styles(30)
        self.templates = [self.people.browser(phone=rng.random() < 0.2) for _ in range(40)]
        self.issuers = self.pick_issuers(rng.randrange(4, 14))
        self.texts = [
            study_use(rng, language=self.countries.draw(rng).languages[0]) for _ in range(rng.randrange(10, 60))
        ]
        self.sheet = rng.uniform(0.2, 0.7)

    def dress(self, draft: Draft) -> Manner:
        rng = self.rng
        if self.crossed:
            self.use_machine(draft)
            self.use_card(draft)
            self.use_phone(draft)
        else:
            machine, card, phone = self.kits.deal()
            self.use_machine(draft, machine)
            self.use_card(draft, card)
            self.use_phone(draft, phone)
        self.use_residential_exit(draft)
        if draft.stated_use is not None and rng.random() < 0.5:
            draft.stated_use = rng.choice(self.texts)
        self.use_webmail(draft)
        return FROM_A_SHEET if rng.random() < self.sheet else ordinary_manner(draft, rng)

    @classmethod
    def size(cls, rng: random.Random) -> float:
        """Live accounts of the disclosed ones: 273, 1,500, 3,500, 5,000, 5,380 and 20,000."""
        low, high = cls.accounts
        return min(high, max(low, rng.lognormvariate(math.log(LIVE_MEDIAN), LIVE_SIGMA)))

    def banned(self, now: datetime, account: Draft) -> None:
        super().banned(now, account)
        for deck in (self.machines, self.cards, self.phones, self.kits):
            deck.burn(0.02)

    def template_machine(self) -> Machine:
        """A new profile from one of the operator's forty templates."""
        made = self.machine()
        browser = self.rng.choice(self.templates)
        return Machine(made.device_id, browser, self.people.tables.browsers.ja4(browser.stack, self.rng))

    def _kit(self) -> tuple[Machine, Card, str]:
        return self.template_machine(), self.card(), self.phone()

    def _deck_of(self, make: Callable[[], T]) -> Deck[T]:
        """A deck whose kind is shared by 40 to 100 % of the accounts: this decides linkability, not the mean."""
        rng = self.rng
        return Deck(rng, make, uses=rng.uniform(1.1, 10.0), shared=rng.uniform(0.4, 1.0), hands=rng.randrange(6, 24))


def daily_rate(rng: random.Random) -> float:
    """How many accounts a day a hydra opens at first."""
    return min(3_000.0, max(60.0, lognormal(rng, DAILY_MEDIAN, DAILY_P90)))
