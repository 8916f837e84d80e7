"""Features of the company that a sign-up would keep: the cluster it would join, as it is just before.

Size and growth are of the newest 256 members, composition of the newest 64; the sign-up itself is not among them. See
``models.linkage.company``.
"""

from __future__ import annotations

import math

from models.features.facts import Facts
from models.features.known import BASE_RATE
from models.linkage.velocity import DAY_US

_FEWEST_COMPARED = 3
"""Of two members everything is shared or nothing is."""

_PRIOR = 2.0
"""How many labelled members the base rate weighs as much as."""

_RECENT_US = 3 * DAY_US


def cluster_size(facts: Facts) -> float | None:
    """Members of the cluster it would join, as ln(1 + members); 0 when it joins none."""
    return math.log1p(facts.linkage.company.size)


def cluster_growth_1h(facts: Facts) -> float | None:
    """Members that signed up within the hour before (count); 0 when it joins no cluster."""
    return facts.linkage.company.growth_1h


def cluster_growth_24h(facts: Facts) -> float | None:
    """Members that signed up within the 24 hours before (count); 0 when it joins no cluster."""
    return facts.linkage.company.growth_24h


def cluster_fraud_count(facts: Facts) -> float | None:
    """Members known as fraud by now, as ln(1 + frauds); 0 when there are none."""
    return math.log1p(facts.linkage.company.frauds)


def cluster_fraud_share(facts: Facts) -> float | None:
    """Share of frauds among the members of whom anything is known by now, drawn towards the base rate.

    Missing when it joins no cluster.
    """
    company = facts.linkage.company
    if not company.size:
        return None
    return (company.frauds + _PRIOR * BASE_RATE) / (company.frauds + company.good + _PRIOR)


def cluster_ban_recency(facts: Facts) -> float | None:
    """How recently a member became known as fraud: exp(-age / 3 days), 1 this moment; 0 when none is."""
    age_us = facts.linkage.company.fraud_age_us
    return 0.0 if age_us is None else math.exp(-age_us / _RECENT_US)


def cluster_age_days(facts: Facts) -> float | None:
    """Days since the oldest of the clusters it would join was founded; missing when it joins none."""
    company = facts.linkage.company
    return company.age_us / DAY_US if company.size else None


def attachment_edges(facts: Facts) -> float | None:
    """Identifiers that tie it to its cluster (count): strong ones, and medium ones that agree in pairs; 0 for none.

    A recycled telephone number is one edge; an operator who deals cards, devices and numbers leaves several.
    """
    return facts.linkage.company.edges


def clusters_united(facts: Facts) -> float | None:
    """Clusters that would become one through this sign-up, minus one (count); 0 when it joins one or none."""
    return max(0, len(facts.linkage.company.clusters) - 1)


def shared_identifiers(facts: Facts) -> float | None:
    """Strong identifiers that are known to be shared by honest people, as in a laboratory (count); 0 for none."""
    return facts.linkage.company.guarded


def cluster_networks_per_member(facts: Facts) -> float | None:
    """Different networks per member: near 1 behind rotating exits, low on a campus; missing below three members."""
    composition = facts.linkage.company.composition
    return _a_member(facts, composition.networks)


def cluster_domains_per_member(facts: Facts) -> float | None:
    """Different mail domains per member; missing below three members."""
    return _a_member(facts, facts.linkage.company.composition.domains)


def cluster_devices_per_member(facts: Facts) -> float | None:
    """Different devices per member; missing below three members."""
    return _a_member(facts, facts.linkage.company.composition.devices)


def cluster_cards_per_member(facts: Facts) -> float | None:
    """Different payment instruments per member; missing below three members."""
    return _a_member(facts, facts.linkage.company.composition.cards)


def cluster_names_per_member(facts: Facts) -> float | None:
    """Different people's names per member; missing below three members."""
    return _a_member(facts, facts.linkage.company.composition.names)


def cluster_pattern_share(facts: Facts) -> float | None:
    """Share of members whose mailbox has this sign-up's pattern at its domain; missing below three members."""
    return _a_member(facts, facts.linkage.company.composition.alike)


def cluster_institution_entropy(facts: Facts) -> float | None:
    """Bits of entropy over the institutions that members claim: a laboratory shows 0 to 1.

    Missing below three members, or when none claims one.
    """
    composition = facts.linkage.company.composition
    claims = sum(composition.institutions)
    if composition.members < _FEWEST_COMPARED or not claims:
        return None
    return abs(math.fsum(count / claims * math.log2(claims / count) for count in composition.institutions))


def _a_member(facts: Facts, count: int) -> float | None:
    members = facts.linkage.company.composition.members
    return count / members if members >= _FEWEST_COMPARED else None
