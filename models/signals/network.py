"""Signals about the connection: its address, its network, and what the caller's provider reports of it."""

from __future__ import annotations

from dataclasses import field
from datetime import date, timedelta

from models.frozen import frozen
from models.reference.network_kinds import NetworkKind
from models.reference.reference import Reference
from models.signals.personal import PERSONAL
from models.signup import NetworkReport, Signup

_LEAST_CONFIDENCE = 50
"""Of 100: below it a provider's report is a guess, and a guess is no signal."""

_FRESH = timedelta(days=90)
"""Exits of residential proxies change hands within days to weeks; a sighting older than this says nothing of today."""


@frozen
class NetworkSignals:
    """The connection.

    Attributes:
        ip: the address; IPv6 as its /64, which is what one household gets. ``None`` when it is not a public one.
        prefix: the /24 or /48 around it.
        network: the network's AS number, else its organisation.
        organisation: the name the network is registered under.
        public: the address is one that the Internet routes.
        version: 4 or 6.
        country: where the network data places it.
        asn: the AS number.
        kind: what the network is for.
        hosting: servers live there, by the network's kind or the provider's report.
        academic: a university or research network.
        mobile: a mobile carrier.
        anonymiser: a VPN or Tor exit, by the provider's report; ``None`` without a usable one.
        residential_proxy: rented out as a proxy exit, by the provider's report; ``None`` without a usable one.
        reported_users: how many people the provider sees on the address.
    """

    ip: str | None = field(metadata=PERSONAL)
    prefix: str | None = field(metadata=PERSONAL)
    network: str | None = field(metadata=PERSONAL)
    organisation: str | None = field(metadata=PERSONAL)
    public: bool
    version: int | None
    country: str | None
    asn: int | None
    kind: NetworkKind | None
    hosting: bool | None
    academic: bool | None
    mobile: bool | None
    anonymiser: bool | None
    residential_proxy: bool | None
    reported_users: int | None


def network_signals(signup: Signup, reference: Reference) -> NetworkSignals:
    """The signals of the address."""
    facts = reference.networks.look_up(signup.device.ip)
    report = usable(signup.device.network, signup.occurred_at.date())
    kind = facts.kind
    return NetworkSignals(
        ip=facts.household,
        prefix=facts.prefix,
        network=facts.key,
        organisation=facts.organisation,
        public=facts.public,
        version=facts.version,
        country=reference.countries.known(facts.country),
        asn=facts.asn,
        kind=kind,
        hosting=_either(None if kind is None else kind is NetworkKind.HOSTING, report.hosting),
        academic=None if kind is None else kind in {NetworkKind.UNIVERSITY, NetworkKind.RESEARCH},
        mobile=None if kind is None else kind is NetworkKind.MOBILE,
        anonymiser=_either(report.vpn, report.tor),
        residential_proxy=report.residential_proxy,
        reported_users=None if report.user_count is None else min(max(report.user_count, 0), 1_000_000),
    )


_NO_REPORT = NetworkReport()


def usable(report: NetworkReport | None, today: date) -> NetworkReport:
    """The report, or an empty one when it is unsure of itself or too old."""
    if report is None:
        return _NO_REPORT
    if report.confidence is not None and report.confidence < _LEAST_CONFIDENCE:
        return _NO_REPORT
    if report.last_seen is not None and today - report.last_seen > _FRESH:
        return _NO_REPORT
    return report


def _either(*claims: bool | None) -> bool | None:
    """True when anyone says so, false when somebody says not, else unknown."""
    if any(claims):
        return True
    return False if False in claims else None
