"""Features of bursts: whether more people share something now than its own four weeks before would explain.

Each is the negative decimal logarithm of the probability of seeing so many within the window, 0 to 30, by
``models.linkage.burst``; what is expected follows the hour of the week and announced events
(``models.signals.calendar``). All are missing while the service has kept a history for less than seven complete days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.features.facts import Facts
from models.linkage.burst import burst_surprise
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import Window


@dataclass(frozen=True, slots=True)
class Burst:
    """How a kind of key is watched: its window, how many are expected in it, and on which sign-ups it applies."""

    window: Window
    season: Callable[[Facts], float]
    applies: Callable[[Facts], bool] = lambda _: True


BURSTS: Mapping[IdentifierKind, Burst] = {
    IdentifierKind.IP_PREFIX: Burst(Window.HOUR, lambda facts: facts.signals.calendar.prefix_1h),
    IdentifierKind.PROFILE_NETWORK: Burst(Window.DAY, lambda facts: facts.signals.calendar.profile_network_24h),
    IdentifierKind.EMAIL_PATTERN: Burst(Window.DAY, lambda facts: facts.signals.calendar.email_domain_24h),
    IdentifierKind.EMAIL_DOMAIN: Burst(
        Window.DAY, lambda facts: facts.signals.calendar.email_domain_24h, lambda facts: not facts.signals.email.free
    ),
    IdentifierKind.INSTITUTION: Burst(Window.DAY, lambda facts: facts.signals.calendar.institution_24h),
    IdentifierKind.BIN: Burst(Window.DAY, lambda facts: facts.signals.calendar.bin_24h),
    IdentifierKind.BIN_COUNTRY: Burst(Window.DAY, lambda facts: facts.signals.calendar.bin_24h),
    IdentifierKind.FORM_LANGUAGE: Burst(Window.DAY, lambda facts: facts.signals.calendar.bin_24h),
}


def prefix_burst_1h(facts: Facts) -> float | None:
    """Surprise at the sign-ups of this /24 (IPv6: /48) within one hour; missing without a public address."""
    return _surprise(facts, IdentifierKind.IP_PREFIX)


def profile_network_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups with this browser profile on this network within 24 hours.

    Missing when the profile is incomplete.
    """
    return _surprise(facts, IdentifierKind.PROFILE_NETWORK)


def email_pattern_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups whose mailbox has this pattern at this domain within 24 hours."""
    return _surprise(facts, IdentifierKind.EMAIL_PATTERN)


def email_domain_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups from this mail domain within 24 hours.

    Missing for free mail, whose days follow the world's, not a school's.
    """
    return _surprise(facts, IdentifierKind.EMAIL_DOMAIN)


def institution_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups claiming this institution within 24 hours; missing when none is claimed."""
    return _surprise(facts, IdentifierKind.INSTITUTION)


def bin_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups with cards of this range within 24 hours; missing without a card."""
    return _surprise(facts, IdentifierKind.BIN)


def bin_country_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups with cards of this range that claim this country within 24 hours.

    Missing without a card or a country.
    """
    return _surprise(facts, IdentifierKind.BIN_COUNTRY)


def form_language_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups at this pace of filling in with these languages of the browser within 24 hours.

    Missing when either was not measured.
    """
    return _surprise(facts, IdentifierKind.FORM_LANGUAGE)


def _surprise(facts: Facts, kind: IdentifierKind) -> float | None:
    linkage, burst = facts.linkage, BURSTS[kind]
    earlier, past = linkage.links(kind, burst.window), linkage.past(kind)
    if earlier is None or past is None or not burst.applies(facts):
        return None
    return burst_surprise(
        kind,
        earlier=earlier,
        window=burst.window,
        past=past,
        observed_days=linkage.observed_days,
        season=burst.season(facts),
    )
