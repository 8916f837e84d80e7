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


def anomalies_of(signals: Signals) -> Anomaly:
    """The bits of a sign-up; what is unknown is not odd."""
    identity, device = signals.identity, signals.device
    stated = identity.country or identity.institution_country
    found = {
        Anomaly.COUNTRY_DIFFERS: None not in {stated, signals.network.country} and stated != signals.network.country,
        Anomaly.OLD_BROWSER: (device.version_lag or 0) >= _OLD_VERSIONS,
        Anomaly.TLS_CONFLICT: device.tls_conflict,
        Anomaly.NAME_SURPRISING: (identity.name_surprise or 0.0) > _SURPRISING,
        Anomaly.VIRTUAL_CARD: signals.payment.virtual_bin,
        Anomaly.SMALL_HOURS: device.local_hour in _SMALL_HOURS,
        Anomaly.DISPOSABLE_MAIL: signals.email.disposable,
    }
    mask = Anomaly(0)
    for anomaly, holds in found.items():
        if holds:
            mask |= anomaly
    return mask
