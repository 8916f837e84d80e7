"""Features of the browser and the machine."""

from __future__ import annotations

from models.features.facts import Facts
from models.features.numbers import number


def device_webdriver(facts: Facts) -> float | None:
    """1 when the browser says that a program drives it; missing when the page did not ask."""
    return number(facts.signals.device.webdriver)


def device_id_missing(facts: Facts) -> float | None:
    """1 when the device has no id; never missing."""
    return number(not facts.signals.device.device_id_given)


def ua_automation(facts: Facts) -> float | None:
    """1 when the user agent names a tool or headless browser, or names no browser; missing without a user agent."""
    return number(facts.signals.device.automated)


def ua_platform_conflict(facts: Facts) -> float | None:
    """1 when user agent and platform name different operating systems; missing when either is unknown."""
    return number(facts.signals.device.platform_conflict)


def ua_version_lag(facts: Facts) -> float | None:
    """Major versions of the browser behind the newest in the reference file; missing for browsers not in it."""
    return number(facts.signals.device.version_lag)


def screen_odd(facts: Facts) -> float | None:
    """1 when the screen's size or shape is one no screen has; missing when not measured."""
    return number(facts.signals.device.screen_odd)


def ja4_ua_conflict(facts: Facts) -> float | None:
    """1 when the TLS handshake is another browser's than the user agent names; missing when either is unknown."""
    return number(facts.signals.device.tls_conflict)


def language_missing(facts: Facts) -> float | None:
    """1 when the browser asks for no language; never missing."""
    return number(facts.signals.device.languages is None)
