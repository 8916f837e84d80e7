"""Browsers: what a user agent says, how old it is, and whose TLS handshake a JA4 looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter

import ua_parser_rs
from ua_parser import load_lazy_builtins

from models.reference.text_tables import packaged_lines


class Engine(StrEnum):
    """The TLS stacks of browsers: everything built on Chromium shares one, and on iOS every browser is WebKit."""

    CHROMIUM = "chromium"
    GECKO = "gecko"
    WEBKIT = "webkit"


@dataclass(frozen=True, slots=True)
class Agent:
    """What a user agent claims to be.

    Attributes:
        family: the browser, without the platform ("Chrome Mobile" is "Chrome"); ``None`` when nothing is recognised.
        major: its major version.
        os: the operating system's family.
        engine: the engine such a browser has on that system.
        automated: it names a tool or a headless browser, or nothing in it can be recognised.
    """

    family: str | None
    major: int | None
    os: str | None
    engine: Engine | None
    automated: bool


_TOOL = re.compile(
    r"headless|phantomjs|puppeteer|playwright|selenium|webdriver|slimerjs|cypress|curl/|wget|python|aiohttp|httpx"
    r"|urllib|requests/|scrapy|go-http|okhttp|java/|apache-http|libwww|lwp|ruby|perl|php|guzzle|node-fetch|axios"
    r"|undici|got \(|postman|insomnia|httpie|bot\b|spider|crawl",
    re.IGNORECASE,
)
_PLATFORM_WORDS = re.compile(r"(\s+(Mobile|iOS|WebView|Mobile/UI/WKWebView|UI/WKWebView))+$|^Mobile ")
_CHROMIUM = frozenset(
    {
        "Chrome",
        "Chromium",
        "Edge",
        "Opera",
        "Samsung Internet",
        "Brave",
        "Vivaldi",
        "Yandex Browser",
        "Whale",
        "QQ Browser",
        "UC Browser",
    }
)

# The readable head of a JA4: transport, TLS version, SNI, ciphers, extensions, ALPN. Only the cipher count is used, and
# only over TCP with TLS 1.3: Chromium's BoringSSL offers 15 suites, Firefox's NSS 17, Apple's stack 20, once GREASE is
# taken away (published JA4 specification and captures). All else, middleboxes and old versions included, is unknown.
_JA4 = re.compile(r"^t13[di](\d\d)\d\d(?:h1|h2)_[0-9a-f]{12}_[0-9a-f]{12}$")
_JA4_ENGINES = {"15": Engine.CHROMIUM, "17": Engine.GECKO, "20": Engine.WEBKIT}


class Browsers:
    """User agents through ua-parser's compiled rules, remembered: a browser version is shared by millions."""

    def __init__(self, newest: Mapping[str, int], made_on: date) -> None:
        self.newest = newest
        self.made_on = made_on
        agents, systems, _ = load_lazy_builtins()
        fields = attrgetter("regex", "family", "major", "minor", "patch", "patch_minor")
        # Only these two of the package's three rule sets: the one for device models takes most of its memory and time.
        self._agents = ua_parser_rs.UserAgentExtractor(map(fields, agents))
        self._systems = ua_parser_rs.OSExtractor(map(fields, systems))
        self.parse = lru_cache(maxsize=4096)(self._parse)

    def version_lag(self, agent: Agent) -> int | None:
        """Major versions behind the newest known one; ``None`` for browsers without an entry."""
        newest = None if agent.family is None else self.newest.get(agent.family)
        return None if newest is None or agent.major is None else max(0, newest - agent.major)

    def _parse(self, user_agent: str) -> Agent:
        """What a user agent claims."""
        found, system = self._agents.extract(user_agent), self._systems.extract(user_agent)
        family = None if found is None else _plain_family(found.family)
        os = None if system is None or system.family == "Other" else system.family
        return Agent(
            family=family,
            major=_number(found.major) if found is not None else None,
            os=os,
            engine=_engine(family, os, user_agent),
            automated=family is None or os is None or _TOOL.search(user_agent) is not None,
        )


def _plain_family(family: str) -> str | None:
    plain = _PLATFORM_WORDS.sub("", family).strip()
    return None if plain in {"", "Other"} else plain


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 6 else None


def _engine(family: str | None, os: str | None, user_agent: str) -> Engine | None:
    if os == "iOS" or family == "Safari":
        return Engine.WEBKIT
    if family == "Firefox":
        return Engine.GECKO
    return Engine.CHROMIUM if family in _CHROMIUM or "Chrome/" in user_agent else None


def ja4_engine(ja4: str) -> Engine | None:
    """The engine whose handshake a JA4 resembles; ``None`` for all that is not clearly a browser's."""
    found = _JA4.match(ja4)
    return None if found is None else _JA4_ENGINES.get(found[1])


def load_browsers() -> Browsers:
    """The compiled rules and the version file."""
    newest: dict[str, int] = {}
    made_on = date.min
    for line in packaged_lines("browsers.txt"):
        family, value = line.rsplit(" ", 1)
        if family == "date":
            made_on = date.fromisoformat(value)
        else:
            newest[family] = int(value)
    return Browsers(newest, made_on)
