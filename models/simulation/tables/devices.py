"""Browsers: coherent user agents, platforms, screens and TLS fingerprints, from collected real ones."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from models.simulation.streams import Weighted
from models.simulation.tables.shipped import shipped_rows

_POOL = 1_000
_PHONE = re.compile(r"Mobile|Android|iPhone|iPad")

JA4_BY_FAMILY: dict[str, tuple[tuple[str, float], ...]] = {
    "chrome": (
        ("t13d1516h2_8daaf6152771_02713d6af862", 0.50),
        ("t13d1517h2_8daaf6152771_b0da82dd1658", 0.28),
        ("t13d1516h2_8daaf6152771_d8a2da3f94cd", 0.14),
        ("q13d0312h3_55b375c5d22e_06cda9e17597", 0.08),
    ),
    "firefox": (
        ("t13d1715h2_5b57614c22b0_5c2c66f702b0", 0.6),
        ("t13d1717h2_5b57614c22b0_3cbfd9057e0d", 0.4),
    ),
    "safari": (
        ("t13d2014h2_a09f3c656075_14788d8d241b", 0.6),
        ("t13d2014h2_a09f3c656075_e42f34c56612", 0.4),
    ),
    "tool": (
        ("t13d1812h1_85036bcba153_d41ae481755e", 0.6),
        ("t13d3112h2_e8f1e7e78f70_b26ce05bbdd6", 0.4),
    ),
}
"""JA4 values seen of each TLS stack; Chrome, Edge, Opera and Samsung share one stack, iOS browsers Safari's."""

TOOL_AGENTS = (
    "python-requests/2.32.3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36",
    "Go-http-client/2.0",
    "axios/1.7.9",
)
"""User agents of tools and headless browsers."""


@dataclass(frozen=True, slots=True)
class Browser:
    """One browser on one kind of machine; many people have the same."""

    user_agent: str
    platform: str
    screen: str
    stack: str
    phone: bool


class Browsers:
    """A pool of browsers drawn with the frequencies of real traffic."""

    def __init__(self, rng: random.Random) -> None:
        pool = _drawn(rng)
        self.all = tuple(pool)
        self.phones = tuple(browser for browser in pool if browser.phone)
        self.computers = tuple(browser for browser in pool if not browser.phone)
        self._ja4 = {
            stack: Weighted([value for value, _ in values], [weight for _, weight in values])
            for stack, values in JA4_BY_FAMILY.items()
        }

    def ja4(self, stack: str, rng: random.Random) -> str:
        """A TLS fingerprint of that stack."""
        return self._ja4[stack].draw(rng)


def _drawn(rng: random.Random) -> list[Browser]:
    return [
        Browser(agent, platform, screen, _stack(agent), phone=bool(_PHONE.search(agent)))
        for agent, platform, screen in rng.sample(list(shipped_rows("browsers.csv.gz")), _POOL)
    ]


def _stack(user_agent: str) -> str:
    if "Firefox/" in user_agent:
        return "firefox"
    if "Chrome/" in user_agent:
        return "chrome"
    return "safari"
