"""Features of agreement between the parts of a sign-up."""

from __future__ import annotations

from models.features.facts import Facts
from models.features.numbers import number
from models.signup import Behaviour, Signup

_MATCHING = 0.6
"""From here on a mailbox goes with a name: initials with one name, or a close spelling, reach it; strangers rarely."""


def country_spread(facts: Facts) -> float | None:
    """Different countries among person, institution, phone, card issuer, billing, address and time zone, minus 1.

    One is normal for students abroad. Missing when fewer than two of them are known.
    """
    countries = facts.signals.consistency.countries
    return None if countries is None else float(countries - 1)


def timezone_ip_gap_h(facts: Facts) -> float | None:
    """Hours between the browser's time zone and the nearest one of the address's country; missing when either is."""
    return facts.signals.consistency.time_zone_gap_h


def language_gap(facts: Facts) -> float | None:
    """1 when no language the browser asks for is used in the country of the address, person or institution.

    Missing when no language or no country is known.
    """
    return number(facts.signals.consistency.language_gap)


def institution_free_mail(facts: Facts) -> float | None:
    """1 when a listed institution is claimed from a free or throw-away mailbox; missing when none is claimed."""
    if facts.signals.identity.institution_listed is None:
        return None
    email = facts.signals.email
    return number(facts.signals.identity.institution_listed and (email.free or email.disposable))


def institution_email_conflict(facts: Facts) -> float | None:
    """1 when the academic mailbox is of another institution than the one claimed; missing when either is unlisted."""
    return number(facts.signals.consistency.institution_email_conflict)


def issuer_billing_conflict(facts: Facts) -> float | None:
    """1 when the card's bank and the billing address are in different countries; missing when either is unknown."""
    payment = facts.signals.payment
    if payment.issuer_country is None or payment.billing_country is None:
        return None
    return number(payment.issuer_country != payment.billing_country)


def institution_network_match(facts: Facts) -> float | None:
    """1 when the connection comes from the claimed institution's network or its country's research network.

    Missing when the network is unknown or no institution is named.
    """
    return number(facts.signals.consistency.institution_network_match)


def support_groups(facts: Facts) -> float | None:
    """How many of five independent proofs agree with the story, 0 to 5; never missing.

    An academic mailbox that matches the name, a valid ORCID iD, an academic network, an authenticated card, an
    academic website.
    """
    signals = facts.signals
    proofs = (
        signals.email.academic and (signals.email.name_match or 0.0) >= _MATCHING,
        signals.identity.orcid_valid,
        signals.network.academic,
        signals.payment.three_d_secure == 1.0,
        signals.identity.website_academic,
    )
    return float(sum(map(bool, proofs)))


def fields_missing(facts: Facts) -> float | None:
    """How many of the optional parts of the sign-up were not sent (count); never missing."""
    return float(sum(part is None for part in _optional_parts(facts.signup)))


_NO_BEHAVIOUR = Behaviour()


def _optional_parts(signup: Signup) -> tuple[object, ...]:
    identity, device = signup.identity, signup.device
    behaviour = signup.behaviour or _NO_BEHAVIOUR
    return (
        signup.phone,
        signup.payment,
        signup.prior_checks,
        identity.country,
        identity.birth_year,
        identity.role,
        identity.institution,
        identity.programme,
        identity.orcid,
        identity.website,
        device.device_id,
        device.user_agent,
        device.accept_language,
        device.timezone,
        device.screen,
        device.platform,
        device.ja4,
        device.webdriver,
        behaviour.form_seconds,
        behaviour.pasted_fields,
        behaviour.keystrokes,
        behaviour.referrer,
        behaviour.stated_use,
    )
