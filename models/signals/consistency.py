"""Signals about agreement: whether the parts of a sign-up tell the same story."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz import fuzz

from models.frozen import frozen
from models.reference.institutions import institution_words
from models.reference.network_kinds import NetworkKind
from models.reference.reference import Reference
from models.signals.device import DeviceSignals
from models.signals.email import EmailSignals
from models.signals.identity import IdentitySignals, lies_under
from models.signals.network import NetworkSignals
from models.signals.payment import PaymentSignals
from models.signals.phone import PhoneSignals
from models.signup import Signup

_SAME_SCHOOL = 80.0
"""Of 100, on the set of words: listed names of one university differ by campus, faculty and language."""

_SAME_OWNER = 90.0


@frozen
class ConsistencySignals:
    """Where the parts agree and disagree.

    Attributes:
        countries: how many different countries the sign-up names; ``None`` when fewer than two parts name one.
        time_zone_gap_h: hours between the browser's time zone and the nearest one of the address's country.
        language_gap: no language of the browser is used where the person says to be or is.
        institution_email_conflict: the mailbox belongs to another school than the one claimed.
        institution_network_match: the network is the institution's own, or its country's research network.
    """

    countries: int | None
    time_zone_gap_h: float | None
    language_gap: bool | None
    institution_email_conflict: bool | None
    institution_network_match: bool | None


def consistency_signals(
    signup: Signup,
    reference: Reference,
    *,
    identity: IdentitySignals,
    email: EmailSignals,
    phone: PhoneSignals,
    payment: PaymentSignals,
    device: DeviceSignals,
    network: NetworkSignals,
) -> ConsistencySignals:
    """Compare the other groups' signals."""
    zone = signup.device.timezone
    stated = (
        identity.country,
        identity.institution_country,
        phone.country,
        payment.issuer_country,
        payment.billing_country,
        network.country,
    )
    return ConsistencySignals(
        countries=_country_count(stated, device.time_zone_countries),
        time_zone_gap_h=reference.time_zones.gap_hours(zone, network.country, signup.occurred_at)
        if zone and network.country
        else None,
        language_gap=_language_gap(device, network, identity, reference),
        institution_email_conflict=_email_conflict(identity, email, signup),
        institution_network_match=_network_match(identity, network, signup),
    )


def _country_count(stated: tuple[str | None, ...], zone_countries: tuple[str, ...]) -> int | None:
    named = [country for country in stated if country is not None]
    distinct = set(named)
    if zone_countries and distinct.isdisjoint(zone_countries):
        distinct.add(zone_countries[0])
    return len(distinct) if len(named) + bool(zone_countries) >= 2 else None


def _language_gap(
    device: DeviceSignals, network: NetworkSignals, identity: IdentitySignals, reference: Reference
) -> bool | None:
    if device.languages is None:
        return None
    gap: bool | None = None
    for place in (network.country, identity.country, identity.institution_country):
        spoken = reference.countries.languages_of(place) if place else None
        if spoken:
            if not spoken.isdisjoint(device.languages):
                return False
            gap = True
    return gap


def _email_conflict(identity: IdentitySignals, email: EmailSignals, signup: Signup) -> bool | None:
    if not identity.institution_domains or not email.academic or not email.institutions:
        return None
    if lies_under(email.domain, identity.institution_domains) or lies_under(
        email.registrable, identity.institution_domains
    ):
        return False
    institution = signup.identity.institution
    claimed = institution.name if institution is not None and institution.name else ""
    return not any(_similar(claimed, school) >= _SAME_SCHOOL for school in email.institutions)


def _network_match(identity: IdentitySignals, network: NetworkSignals, signup: Signup) -> bool | None:
    institution = signup.identity.institution
    if network.kind is None or institution is None or not institution.name:
        return None
    if network.kind is NetworkKind.RESEARCH:
        return network.country is not None and network.country == identity.institution_country
    if network.kind is not NetworkKind.UNIVERSITY or not network.organisation:
        return False
    return _similar(institution.name, network.organisation) >= _SAME_OWNER


@lru_cache(maxsize=8192)
def _similar(one: str, other: str) -> float:
    """Similarity of two institutions' names by their sets of significant words, 0 to 100."""
    return float(fuzz.token_set_ratio(institution_words(one), institution_words(other)))
