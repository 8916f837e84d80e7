"""A1: a crude script from rented servers with throw-away mailboxes, over in hours."""

from __future__ import annotations

from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.decks import Deck
from models.simulation.attackers.exits import DataCentreExits
from models.simulation.draft import Draft
from models.simulation.form import BY_SCRIPT, Manner
from models.simulation.mailboxes import WEBMAIL, mailbox
from models.simulation.streams import token
from models.simulation.tables.devices import TOOL_AGENTS, Browser
from models.simulation.tables.networks import NetworkUse


class CrudeScript(Campaign):
    """Hundreds of accounts in a few hours with hardly a disguise."""

    family: ClassVar[str] = "A1"
    share: ClassVar[float] = 0.06
    accounts: ClassVar[tuple[int, int]] = (200, 1_000)
    days: ClassVar[tuple[float, float]] = (0.08, 0.5)

    def prepare(self) -> None:
        self.servers = DataCentreExits(self.people.tables, self.rng, uses=60)
        self.machines = Deck(self.rng, self.machine, uses=60, hands=3)
        self.webdriver = self.rng.uniform(0.4, 0.8)
        self.disposable = self.rng.uniform(0.5, 0.9)
        self.domains = [self.people.tables.disposable.draw(self.rng) for _ in range(4)]
        self.tool = self.rng.choice(TOOL_AGENTS) if self.rng.random() < 0.5 else None

    def dress(self, draft: Draft) -> Manner:
        rng = self.rng
        self.use_machine(draft)
        draft.ip, draft.use = self.servers.address(), NetworkUse.HOSTING
        draft.webdriver = rng.random() < self.webdriver
        if self.tool is not None:
            draft.browser = Browser(self.tool, draft.browser.platform, draft.browser.screen, "tool", phone=False)
            draft.ja4 = self.people.tables.browsers.ja4("tool", rng)
        if rng.random() < self.disposable:
            draft.email = mailbox(draft.name, rng.choice(self.domains), WEBMAIL.draw(rng), rng, draft.birth_year)
        elif rng.random() < 0.3:
            draft.email = f"{token(rng, 9).lower()}@{rng.choice(draft.place.webmail)}"
        draft.timezone = "UTC" if rng.random() < 0.5 else draft.timezone
        draft.referrer = None if rng.random() < 0.6 else draft.referrer
        return BY_SCRIPT
