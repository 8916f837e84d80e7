"""Signals about the moment: how many sign-ups an ordinary hour or day like this one brings, against the mean."""

from __future__ import annotations

from collections.abc import Sequence

from models.frozen import frozen
from models.reference.events import AnnouncedEvent, rush
from models.reference.reference import Reference
from models.reference.season import PEOPLE, TEACHING, Curve, Seasons, hour_of
from models.signals.email import EmailSignals
from models.signals.identity import IdentitySignals
from models.signals.network import NetworkSignals
from models.signals.payment import PaymentSignals
from models.signup import Signup

_DAY = 24


@frozen
class CalendarSignals:
    """How busy each key of the sign-up should be, 1 being its mean: the hour of its week times announced events.

    Whole hours of UTC are taken, the one of the sign-up last. The clock is that of the network's country, the school's
    or the card issuer's; where that is not known every hour counts the same.

    Attributes:
        prefix_1h: of the address's neighbours, in this hour.
        profile_network_24h: of the browser's profile on its network, in the last 24 hours.
        email_domain_24h: of the mail domain.
        institution_24h: of the claimed institution.
        bin_24h: of the card range.
    """

    prefix_1h: float
    profile_network_24h: float
    email_domain_24h: float
    institution_24h: float
    bin_24h: float


def calendar_signals(
    signup: Signup,
    reference: Reference,
    *,
    identity: IdentitySignals,
    email: EmailSignals,
    payment: PaymentSignals,
    network: NetworkSignals,
) -> CalendarSignals:
    """The season of the sign-up's keys at the moment it occurred."""
    seasons, hour = reference.seasons, hour_of(signup.occurred_at)
    school = identity.institution_country or email.country
    ordinary = CalendarSignals(
        prefix_1h=seasons.hour(PEOPLE, network.country, hour),
        profile_network_24h=seasons.day(PEOPLE, network.country, hour),
        email_domain_24h=seasons.day(TEACHING, school, hour),
        institution_24h=seasons.day(TEACHING, school, hour),
        bin_24h=seasons.day(PEOPLE, payment.issuer_country, hour),
    )
    day = range(hour - _DAY + 1, hour + 1)
    near = reference.events.within(day)
    if not near:
        return ordinary
    everybody = [event for event in near if event.for_everybody]
    at_domain = [event for event in near if reference.events.is_for_domain(event, email.domain)]
    key = identity.institution_key
    at_institution = [event for event in near if reference.events.is_for_institution(event, key)]
    return CalendarSignals(
        prefix_1h=ordinary.prefix_1h * rush(everybody, hour),
        profile_network_24h=_rushed(seasons, PEOPLE, network.country, day, everybody),
        email_domain_24h=_rushed(seasons, TEACHING, school, day, at_domain),
        institution_24h=_rushed(seasons, TEACHING, school, day, at_institution),
        bin_24h=_rushed(seasons, PEOPLE, payment.issuer_country, day, everybody),
    )


def _rushed(
    seasons: Seasons, curve: Curve, country: str | None, hours: range, events: Sequence[AnnouncedEvent]
) -> float:
    return sum(seasons.hour(curve, country, each) * rush(events, each) for each in hours) / len(hours)
