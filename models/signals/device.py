"""Signals about the browser and the machine."""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache

from models.frozen import frozen
from models.reference.browsers import Agent, ja4_engine
from models.reference.reference import Reference
from models.signals.content import identifying
from models.signals.personal import PERSONAL
from models.signup import Device, Signup

_SCREEN = re.compile(r"^\s*(\d{1,6})\s*[xX*\u00d7]\s*(\d{1,6})\s*$", re.ASCII)
_SMALLEST_PX, _LARGEST_PX, _WIDEST_ASPECT = 200, 16_384, 4.0

_LANGUAGE = re.compile(r"^[a-z]{2,3}$")
_MOST_LANGUAGES = 10
# Codes that browsers still send, and the ones the language table has.
_LANGUAGE_ALIASES = {"iw": "he", "in": "id", "ji": "yi", "tl": "fil", "mo": "ro", "nb": "no", "nn": "no"}

# What ua-parser calls systems and what ``navigator.platform`` says, in one vocabulary of kernels: an iPad may call
# itself a Mac, Android and Chrome OS call themselves Linux.
_SYSTEMS = {
    "Windows": "windows", "Mac OS X": "apple", "iOS": "apple", "Linux": "linux", "Ubuntu": "linux", "Fedora": "linux",
    "Debian": "linux", "Android": "linux", "Chrome OS": "linux", "Red Hat": "linux", "Arch Linux": "linux",
}  # fmt: skip
_PLATFORMS = (
    ("win", "windows"), ("mac", "apple"), ("iphone", "apple"), ("ipad", "apple"), ("ipod", "apple"), ("ios", "apple"),
    ("linux", "linux"), ("android", "linux"), ("cros", "linux"), ("chrome os", "linux"), ("x11", "linux"),
)  # fmt: skip


@frozen
class DeviceSignals:
    """The browser and the machine.

    Attributes:
        device_id: the caller's id of the device.
        profile: browser, system, time zone, screen and TLS together; ``None`` unless the first, third and fourth are.
        browser: the family the user agent claims.
        browser_major: its version.
        system: the operating system it claims.
        automated: the user agent names a tool, or nothing is recognisable in it; ``None`` without one.
        version_lag: major versions behind the newest known.
        platform_conflict: user agent and platform disagree on the system.
        screen_odd: a size or shape no screen has.
        tls_engine: the browser engine whose handshake the JA4 resembles.
        tls_conflict: it is another engine than the user agent's.
        webdriver: the browser says it is driven by a program.
        device_id_given: the caller knows the device.
        languages: primary language subtags the browser asks for; ``None`` when it asks for none.
        time_zone_countries: the countries of its time zone.
        local_hour: the hour of the day that its clock shows, 0 to 23; ``None`` without a time zone.
    """

    device_id: str | None = field(metadata=PERSONAL)
    profile: str | None = field(metadata=PERSONAL)
    browser: str | None
    browser_major: int | None
    system: str | None
    automated: bool | None
    version_lag: int | None
    platform_conflict: bool | None
    screen_odd: bool | None
    tls_engine: str | None
    tls_conflict: bool | None
    webdriver: bool | None
    device_id_given: bool
    languages: tuple[str, ...] | None
    time_zone_countries: tuple[str, ...]
    local_hour: int | None


_NO_AGENT = Agent(family=None, major=None, os=None, engine=None, automated=False)


def device_signals(signup: Signup, reference: Reference) -> DeviceSignals:
    """The signals of the device block, its network left out."""
    device = signup.device
    agent = reference.browsers.parse(device.user_agent) if device.user_agent else None
    claimed = agent or _NO_AGENT
    tls_engine = ja4_engine(device.ja4) if device.ja4 else None
    device_id = identifying(device.device_id)
    return DeviceSignals(
        device_id=device_id,
        profile=_profile(device, claimed),
        browser=claimed.family,
        browser_major=claimed.major,
        system=claimed.os,
        automated=None if agent is None else agent.automated,
        version_lag=reference.browsers.version_lag(claimed),
        platform_conflict=_platform_conflict(claimed.os, device.platform),
        screen_odd=_screen_odd(device.screen) if device.screen else None,
        tls_engine=tls_engine,
        tls_conflict=None if tls_engine is None or claimed.engine is None else tls_engine is not claimed.engine,
        webdriver=device.webdriver,
        device_id_given=device_id is not None,
        languages=_languages(device.accept_language),
        time_zone_countries=reference.time_zones.countries_of(device.timezone) if device.timezone else (),
        local_hour=reference.time_zones.local_hour(device.timezone, signup.occurred_at) if device.timezone else None,
    )


def _profile(device: Device, agent: Agent) -> str | None:
    if agent.family is None or not device.timezone or not device.screen:
        return None
    return "|".join((agent.family, agent.os or "", device.timezone, device.screen.strip(), device.ja4 or ""))


@lru_cache(maxsize=1024)
def _platform_conflict(system: str | None, platform: str | None) -> bool | None:
    claimed = _SYSTEMS.get(system) if system else None
    lowered = platform.strip().lower() if platform else ""
    said = next((kernel for start, kernel in _PLATFORMS if lowered.startswith(start)), None)
    return None if claimed is None or said is None else claimed != said


@lru_cache(maxsize=1024)
def _screen_odd(screen: str) -> bool:
    found = _SCREEN.match(screen)
    if found is None:
        return True
    short, long = sorted((int(found[1]), int(found[2])))
    return short < _SMALLEST_PX or long > _LARGEST_PX or long / short > _WIDEST_ASPECT


@lru_cache(maxsize=4096)
def _languages(accept_language: str | None) -> tuple[str, ...] | None:
    """``en-GB,en;q=0.9,fr;q=0.8`` → ``en``, ``fr``."""
    if not accept_language:
        return None
    ranges = (each.partition(";")[0].strip().lower().replace("_", "-") for each in accept_language[:500].split(","))
    found = (tag.partition("-")[0] for tag in ranges)
    primary = dict.fromkeys(_LANGUAGE_ALIASES.get(each, each) for each in found if _LANGUAGE.match(each))
    return tuple(primary)[:_MOST_LANGUAGES] or None
