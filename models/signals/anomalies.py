"""What is odd about a sign-up, as bits: alone each is common among honest people, shared in a hurry they are not."""

from __future__ import annotations

from enum import IntFlag

from models.signals.signals import Signals


class Anomaly(IntFlag):
    """The bits. They are stored with every link: a bit is never given another meaning, and there are at most 15."""

    COUNTRY_DIFFERS = 1
    OLD_BROWSER = 2
    TLS_CONFLICT = 4
    NAME_SURPRISING = 8
    VIRTUAL_CARD = 16
    SMALL_HOURS = 32
    DISPOSABLE_MAIL = 64


_OLD_VERSIONS = 12
"""Browsers renew themselves monthly: a year behind is a frozen kernel, or a machine that nobody keeps."""

_SURPRISING = 2.0
"""Standard deviations: one name in forty, if names were normal."""

_SMALL_HOURS = range(2, 5)
"""From two to five in the morning by the browser's own clock hardly anybody signs up for school."""


def anomalies_of(signals: Signals) -> int:
    """The bits of a sign-up, of ``Anomaly``; what is unknown is not odd."""
    identity, device, seen = signals.identity, signals.device, signals.network.country
    stated = identity.country or identity.institution_country
    holds = (
        stated is not None and seen is not None and stated != seen,
        (device.version_lag or 0) >= _OLD_VERSIONS,
        device.tls_conflict,
        (identity.name_surprise or 0.0) > _SURPRISING,
        signals.payment.virtual_bin,
        device.local_hour in _SMALL_HOURS,
        signals.email.disposable,
    )
    return sum([bit for bit, held in zip(_BITS, holds, strict=True) if held])


_BITS = tuple(
    anomaly.value
    for anomaly in (
        Anomaly.COUNTRY_DIFFERS,
        Anomaly.OLD_BROWSER,
        Anomaly.TLS_CONFLICT,
        Anomaly.NAME_SURPRISING,
        Anomaly.VIRTUAL_CARD,
        Anomaly.SMALL_HOURS,
        Anomaly.DISPOSABLE_MAIL,
    )
)
"""In the order in which ``anomalies_of`` looks; plain numbers, because members of a flag are slow to put together."""
