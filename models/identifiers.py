"""Which identifiers a sign-up carries: their canonical values, and what is counted on each."""

from __future__ import annotations

import math

from models.linkage.identifier import Identifier, IdentifierKind
from models.signals.anomalies import anomalies_of
from models.signals.content import identifying
from models.signals.email import EmailSignals
from models.signals.signals import Signals
from models.signup import Signup

Kind = IdentifierKind


def identifiers_of(signup: Signup, signals: Signals) -> tuple[Identifier, ...]:
    """The identifiers in the order of their kinds, without duplicates; what is missing gives none.

    Behaviour fingerprints are not known at sign-up; they are learnt from the account's use.
    """
    anomalies = anomalies_of(signals)
    rows = (*_strong(signals), *_medium(signup, signals), *_weak(signup, signals))
    # Computer rooms are imaged: on an academic network sixty honest students have the same browser and address.
    imaged = Kind.DEVICE_PROFILE if signals.network.academic else None
    found = [
        Identifier(kind, value, counted, None, anomalies, kind is imaged) for kind, value, counted in rows if value
    ]
    return (*found, *_sequence(signals.email, anomalies))


_BUCKET = 100
"""Numbers of a series in one bucket: twice the reach of a neighbourhood."""


def _sequence(email: EmailSignals, anomalies: int) -> tuple[Identifier, ...]:
    """The number's own bucket of its series and the nearer one beside it.

    Whoever lies within half a bucket of a number is in the number's own bucket, or near enough to it to have left a
    link there too: so one look into one bucket finds all neighbours, and none twice.
    """
    if email.series is None or email.series_number is None:
        return ()
    own, place = divmod(email.series_number, _BUCKET)
    beside = own - 1 if place < _BUCKET // 2 else own + 1
    return tuple(
        Identifier(
            Kind.EMAIL_SEQUENCE,
            f"{email.series}@{email.domain}|{bucket}",
            place=email.series_number - bucket * _BUCKET,
            anomalies=anomalies,
        )
        for bucket in (own, beside)
    )


_Row = tuple[IdentifierKind, str | None, str | None]


def _strong(signals: Signals) -> tuple[_Row, ...]:
    mailbox, name = signals.email.canonical, signals.identity.canonical_name
    return (
        (Kind.MAILBOX, mailbox, signals.device.device_id),
        (Kind.DEVICE, signals.device.device_id, mailbox),
        (Kind.PAYMENT, signals.payment.fingerprint, name),
        (Kind.PHONE, signals.phone.e164, name),
        (Kind.ORCID, signals.identity.orcid, mailbox),
    )


def _medium(signup: Signup, signals: Signals) -> tuple[_Row, ...]:  # noqa: ARG001 - the three strengths are alike
    payment = signals.payment
    cardholder_bin = f"{payment.cardholder}|{payment.bin}" if payment.cardholder and payment.bin else None
    return (
        (Kind.IP, signals.network.ip, signals.identity.institution_key),
        (Kind.DEVICE_PROFILE, signals.device.profile, signals.device.device_id),
        (Kind.CARDHOLDER_BIN, cardholder_bin, payment.fingerprint),
        (Kind.NAME_BIRTH, signals.identity.name_birth, signals.email.canonical),
    )


def _weak(signup: Signup, signals: Signals) -> tuple[_Row, ...]:
    email, network, identity = signals.email, signals.network, signals.identity
    profile = signals.device.profile
    return (
        (Kind.NAME, identity.canonical_name, email.canonical),
        (Kind.IP_PREFIX, network.prefix, network.ip),
        (Kind.NETWORK, network.network, network.prefix),
        (Kind.EMAIL_DOMAIN, email.domain, email.pattern),
        (Kind.EMAIL_PATTERN, f"{email.pattern}@{email.domain}", email.canonical),
        (Kind.INSTITUTION, identity.institution_key, email.domain),
        (Kind.BIN, signals.payment.bin, signals.payment.fingerprint),
        (Kind.PROFILE_NETWORK, f"{network.network}|{profile}" if network.network and profile else None, network.ip),
        (Kind.PHONE_BLOCK, signals.phone.block, signals.phone.e164),
        (Kind.SPONSOR, identity.sponsor_key, email.canonical),
        (Kind.INVITER, identifying(signup.invited_by), email.canonical),
        (Kind.BIN_COUNTRY, _bin_country(signup, signals), signals.payment.fingerprint),
        (Kind.FORM_LANGUAGE, _form_language(signup), network.network),
        *((Kind.TEXT_BAND, band, identity.institution_key) for band in signals.behaviour.text_bands),
    )


def _bin_country(signup: Signup, signals: Signals) -> str | None:
    """The card range together with the country that the person claims: batches of cards are used for one story."""
    country = signup.identity.country
    return f"{signals.payment.bin}|{country.upper()}" if signals.payment.bin and country else None


_PACES_A_DOUBLING = 4
"""Form times within some 19 % of each other are one pace."""


def _form_language(signup: Signup) -> str | None:
    """The pace at which the form was filled in, together with the languages the browser asks for, word for word."""
    seconds = None if signup.behaviour is None else signup.behaviour.form_seconds
    languages = signup.device.accept_language
    if seconds is None or not math.isfinite(seconds) or seconds <= 0 or not languages:
        return None
    return f"{math.floor(_PACES_A_DOUBLING * math.log2(seconds))}|{languages}"
