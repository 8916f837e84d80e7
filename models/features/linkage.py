"""Features from the history: how often a sign-up's identifiers were seen before, and with whom.

All counts are of earlier sign-ups among the newest 256 links of the identifier: 0 means the identifier is
present and was never seen in the window, missing means that the sign-up carries no such identifier.
"""

from __future__ import annotations

from models.features.facts import Facts
from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.velocity import DAY_US, SYNCHRONY_KINDS, Window


def device_signups_24h(facts: Facts) -> float | None:
    """Earlier sign-ups on this device within 24 hours (count); missing without a device id."""
    return facts.linkage.links(IdentifierKind.DEVICE, Window.DAY)


def device_signups_30d(facts: Facts) -> float | None:
    """Earlier sign-ups on this device within 30 days (count); missing without a device id."""
    return facts.linkage.links(IdentifierKind.DEVICE, Window.MONTH)


def device_mailboxes_30d(facts: Facts) -> float | None:
    """Different mailboxes seen on this device within 30 days (count); missing without a device id."""
    return facts.linkage.distinct(IdentifierKind.DEVICE, Window.MONTH)


def payment_signups_7d(facts: Facts) -> float | None:
    """Earlier sign-ups on this payment instrument within 7 days (count); missing without a fingerprint."""
    return facts.linkage.links(IdentifierKind.PAYMENT, Window.WEEK)


def payment_names_365d(facts: Facts) -> float | None:
    """Different people's names seen on this payment instrument within 365 days (count).

    Missing without a fingerprint.
    """
    return facts.linkage.distinct(IdentifierKind.PAYMENT, Window.YEAR)


def phone_signups_365d(facts: Facts) -> float | None:
    """Earlier sign-ups with this telephone number within 365 days (count); missing without a valid number."""
    return facts.linkage.links(IdentifierKind.PHONE, Window.YEAR)


def phone_block_signups_24h(facts: Facts) -> float | None:
    """Earlier sign-ups whose number shares all but the last four digits, within 24 hours (count).

    Missing without a number.
    """
    return facts.linkage.links(IdentifierKind.PHONE_BLOCK, Window.DAY)


def orcid_signups_365d(facts: Facts) -> float | None:
    """Earlier sign-ups claiming this ORCID iD within 365 days (count); missing without one."""
    return facts.linkage.links(IdentifierKind.ORCID, Window.YEAR)


def ip_signups_1h(facts: Facts) -> float | None:
    """Earlier sign-ups from this address (IPv6: this /64) within one hour (count).

    Never missing.
    """
    return facts.linkage.links(IdentifierKind.IP, Window.HOUR)


def ip_signups_24h(facts: Facts) -> float | None:
    """Earlier sign-ups from this address (IPv6: this /64) within 24 hours (count).

    Never missing.
    """
    return facts.linkage.links(IdentifierKind.IP, Window.DAY)


def ip_institutions_24h(facts: Facts) -> float | None:
    """Different institutions claimed from this address within 24 hours (count): a campus shows one, a proxy many."""
    return facts.linkage.distinct(IdentifierKind.IP, Window.DAY)


def prefix_signups_1h(facts: Facts) -> float | None:
    """Earlier sign-ups from this /24 (IPv6: /48) within one hour (count); never missing."""
    return facts.linkage.links(IdentifierKind.IP_PREFIX, Window.HOUR)


def mailbox_signups_365d(facts: Facts) -> float | None:
    """Earlier sign-ups that end in the same mailbox once dots, tags and aliases are folded, within 365 days (count)."""
    return facts.linkage.links(IdentifierKind.MAILBOX, Window.YEAR)


def name_birth_signups_30d(facts: Facts) -> float | None:
    """Earlier sign-ups with the same name and year of birth within 30 days (count); missing without a year."""
    return facts.linkage.links(IdentifierKind.NAME_BIRTH, Window.MONTH)


def cardholder_bin_signups_30d(facts: Facts) -> float | None:
    """Earlier sign-ups with the same cardholder name and card range within 30 days (count); missing without either."""
    return facts.linkage.links(IdentifierKind.CARDHOLDER_BIN, Window.MONTH)


def cardholder_bin_cards_30d(facts: Facts) -> float | None:
    """Different cards of one range under the same cardholder name within 30 days (count); missing without either."""
    return facts.linkage.distinct(IdentifierKind.CARDHOLDER_BIN, Window.MONTH)


def profile_network_signups_24h(facts: Facts) -> float | None:
    """Earlier sign-ups with the same browser profile on the same network within 24 hours (count).

    Missing when the profile is incomplete.
    """
    return facts.linkage.links(IdentifierKind.PROFILE_NETWORK, Window.DAY)


def profile_network_addresses_24h(facts: Facts) -> float | None:
    """Different addresses behind one browser profile on one network within 24 hours (count).

    Missing when the profile is incomplete.
    """
    return facts.linkage.distinct(IdentifierKind.PROFILE_NETWORK, Window.DAY)


def email_pattern_signups_24h(facts: Facts) -> float | None:
    """Earlier sign-ups whose mailbox has the same pattern at the same domain within 24 hours (count)."""
    return facts.linkage.links(IdentifierKind.EMAIL_PATTERN, Window.DAY)


def sponsor_signups_90d(facts: Facts) -> float | None:
    """Earlier sign-ups naming the same sponsor within 90 days (count); missing without a sponsor."""
    return facts.linkage.links(IdentifierKind.SPONSOR, Window.QUARTER)


def inviter_signups_7d(facts: Facts) -> float | None:
    """Earlier sign-ups invited by the same account within 7 days (count); missing without an inviter."""
    return facts.linkage.links(IdentifierKind.INVITER, Window.WEEK)


def use_text_neighbours_30d(facts: Facts) -> float | None:
    """Earlier sign-ups from other institutions within 30 days that describe their use in nearly the same words.

    A count over the fullest of eight MinHash bands (two-word shingles, three rows a band). Institutions are
    told apart so that a class given the same instructions counts nothing. Missing under 20 characters of text.
    """
    return facts.linkage.others(IdentifierKind.TEXT_BAND)


_STRONG_KINDS = tuple(kind for kind in IdentifierKind if strength_of(kind) is Strength.STRONG)


def strong_identifiers_seen(facts: Facts) -> float | None:
    """Kinds of strong identifier that an earlier sign-up carried within 365 days (0 to 5).

    The kinds are the mailbox, the device, the payment instrument, the telephone and the ORCID iD.
    """
    seen = [facts.linkage.links(kind, Window.YEAR) for kind in _STRONG_KINDS]
    return float(sum(1 for links in seen if links))


def identifier_account_types(facts: Facts) -> float | None:
    """Different account types among earlier sign-ups on the strong identifiers, minus one (0 when there are none)."""
    types = [facts.linkage.account_types(kind) for kind in _STRONG_KINDS]
    return float(max(0, max((count for count in types if count is not None), default=0) - 1))


_OLDEST_DAYS = 730
"""Two years: a domain that was seen before that is as old as any."""


def email_domain_age_days(facts: Facts) -> float | None:
    """Days since the first sign-up from this mail domain, 0 the first time, at most 730; never missing.

    New domains are cheap, and look-alikes of a school's are new.
    """
    age_us = facts.linkage.age_us()
    return None if age_us is None else min(age_us / DAY_US, float(_OLDEST_DAYS))


def email_sequence_7d(facts: Facts) -> float | None:
    """Earlier sign-ups within 7 days from mailboxes numbered at most 50 away in the same series (count).

    A series is the mailbox with its number left out, at its domain. Missing when the mailbox has no digits.
    """
    return facts.linkage.near()


def sync_anomaly_24h(facts: Facts) -> float | None:
    """Earlier sign-ups within 24 hours on the same /24, the same browser and network, or the same card range that
    are odd in a way this one is too (count, on the fullest of the three); 0 when there are none.

    Either alone is weak: places are busy, and people are odd. What counts as odd: ``models.signals.anomalies``.
    """
    counts = (facts.linkage.anomalous(kind) for kind in SYNCHRONY_KINDS)
    return float(max((count for count in counts if count is not None), default=0))
