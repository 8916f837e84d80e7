"""Features of the connection."""

from __future__ import annotations

from models.features.facts import Facts
from models.features.numbers import number


def ip_hosting(facts: Facts) -> float | None:
    """1 when the address belongs to a data centre, by its network or the caller's provider.

    Missing when neither knows the address.
    """
    return number(facts.signals.network.hosting)


def ip_anonymiser(facts: Facts) -> float | None:
    """1 when the caller's provider knows the address as a VPN or Tor exit; missing without a usable report."""
    return number(facts.signals.network.anonymiser)


def ip_residential_proxy(facts: Facts) -> float | None:
    """1 when the caller's provider lately saw the address rented out as a proxy; missing without a usable report."""
    return number(facts.signals.network.residential_proxy)


def ip_academic(facts: Facts) -> float | None:
    """1 when the network is a university's or a research network; missing when the network is unknown."""
    return number(facts.signals.network.academic)


def ip_mobile(facts: Facts) -> float | None:
    """1 when the network is a mobile carrier's; missing when the network is unknown."""
    return number(facts.signals.network.mobile)
