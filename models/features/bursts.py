"""Features of bursts: whether more people share something now than its own four weeks before would explain.

Each is the negative decimal logarithm of the probability of seeing so many within the window, 0 to 30, by
``models.linkage.burst``. All are missing while the service has kept a history for less than seven complete days.
"""

from __future__ import annotations

from models.features.facts import Facts
from models.linkage.burst import burst_surprise
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import Window


def prefix_burst_1h(facts: Facts) -> float | None:
    """Surprise at the sign-ups of this /24 (IPv6: /48) within one hour; missing without a public address."""
    return _surprise(facts, IdentifierKind.IP_PREFIX, Window.HOUR)


def profile_network_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups with this browser profile on this network within 24 hours.

    Missing when the profile is incomplete.
    """
    return _surprise(facts, IdentifierKind.PROFILE_NETWORK, Window.DAY)


def email_pattern_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups whose mailbox has this pattern at this domain within 24 hours."""
    return _surprise(facts, IdentifierKind.EMAIL_PATTERN, Window.DAY)


def email_domain_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups from this mail domain within 24 hours.

    Missing for free mail, whose days follow the world's, not a school's.
    """
    return None if facts.signals.email.free else _surprise(facts, IdentifierKind.EMAIL_DOMAIN, Window.DAY)


def institution_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups claiming this institution within 24 hours; missing when none is claimed."""
    return _surprise(facts, IdentifierKind.INSTITUTION, Window.DAY)


def bin_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups with cards of this range within 24 hours; missing without a card."""
    return _surprise(facts, IdentifierKind.BIN, Window.DAY)


def bin_country_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups with cards of this range that claim this country within 24 hours.

    Missing without a card or a country.
    """
    return _surprise(facts, IdentifierKind.BIN_COUNTRY, Window.DAY)


def form_language_burst_24h(facts: Facts) -> float | None:
    """Surprise at the sign-ups at this pace of filling in with these languages of the browser within 24 hours.

    Missing when either was not measured.
    """
    return _surprise(facts, IdentifierKind.FORM_LANGUAGE, Window.DAY)


def _surprise(facts: Facts, kind: IdentifierKind, window: Window) -> float | None:
    linkage = facts.linkage
    earlier, past = linkage.links(kind, window), linkage.past(kind)
    if earlier is None or past is None:
        return None
    return burst_surprise(kind, earlier=earlier, window=window, past=past, observed_days=linkage.observed_days)
