"""A6: anti-detect browsers, a fresh fingerprint for every account over the same TLS library."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner


class AntiDetect(Campaign):
    """No device is used twice, but one to three JA4 values serve them all."""

    family: ClassVar[str] = "A6"
    share: ClassVar[float] = 0.06
    accounts: ClassVar[tuple[int, int]] = (500, 5000)
    days: ClassVar[tuple[float, float]] = (3.0, 30.0)

    def prepare(self) -> None:
        rng, browsers = self.rng, self.people.tables.browsers
        # Most of these products are made from Chromium, some from Firefox; many also pose as an Android phone.
        self.engine = "chrome" if rng.random() < 0.7 else "firefox"
        self.handshakes = [browsers.ja4(self.engine, rng) for _ in range(rng.randrange(1, 4))]
        self.profiles = tuple(browser for browser in browsers.all if browser.stack == self.engine)
        self.conflicts = rng.uniform(0.03, 0.10)
        self.matches_timezone = rng.uniform(0.88, 0.96)
        self.cards = self.more(1, 6, self.card)
        self.phones = self.more(1, 4, self.phone)

    def dress(self, draft: Draft) -> Manner:
        self.equip(draft)
        self.use_webmail(draft)
        draft.browser = self.rng.choice(self.profiles)
        draft.ja4 = self.rng.choice(self.handshakes)
        if self.rng.random() < self.conflicts:
            draft.browser = replace(draft.browser, platform=self.people.browser(phone=False).platform)
        return self.manual_or_sheet(draft)
