"""Divide a cluster once an identifier ties nobody any more, and unite again those that it tied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from models.linkage.identifier import Strength, strength_of
from models.linkage.pieces import Key, components, ties_of
from service.domain.errors import ConflictError
from service.usecases.left_behind import bring_after
from service.usecases.lift_guard import EVERY_CARRIER
from service.usecases.move_members import Dividing, accounts_of, found_clusters
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey
from service.usecases.survey_cluster import key_of

CLUSTERS_A_TRANSACTION = 25
"""So many clusters become one at a time: on SQLite nobody else writes meanwhile, twenty to fifty milliseconds."""

CARRIERS = 2_000
"""Of what ties nobody by itself, the newest."""

_ROUNDS = 8
"""How often a cluster is looked at again because members came or left meanwhile; the second finds hardly anybody."""


def divide(begin: Begin, cluster: int, without: IdentifierKey, *, at: datetime) -> Collection[int]:
    """Move those out of a cluster whom only one identifier tied to it, which is guarded by now; which members.

    The largest part keeps the cluster's number. Members whom something else tied when they came, which is not seen
    any more, stay where they are. Whoever joins meanwhile follows the part that they belong to: it is looked at again
    until nobody is left behind, and whoever an identifier ties whose guard was lifted meanwhile is united again. Safe
    to run again: what is divided already stays divided.

    Raises:
        ConflictError: members came and left all the time.
    """
    first: dict[int, ClusterMember] = {}
    guarded = frozenset({key_of(without)})
    seen: dict[int, ClusterMember] = {}
    gone: dict[int, ClusterMember] = {}
    for last in range(_ROUNDS, 0, -1):
        with begin() as work:
            whole = Dividing.read(work, cluster)
        if whole is None:
            return ()
        if key_of(without) not in whole.guarded:
            break  # it ties again by now
        first, seen, guarded = first or whole.members, seen | whole.members, guarded | whole.guarded
        gone = {number: member for number, member in seen.items() if number not in whole.members}
        try:
            brought = bring_after(begin, whole, whole.members.keys() - first.keys(), gone, at=at)
            rest = whole.without(brought)
            parts = parts_without(list(rest.members.values()), key_of(without), rest.guarded)
            found_clusters(begin, rest, parts, at=at)
        except ConflictError:
            if last == 1:
                raise
            continue
        if not brought and not parts:
            break
    _unite_lifted(begin, guarded, seen, at=at)
    return gone.keys()


def unite_carriers(begin: Begin, key: IdentifierKey, *, at: datetime) -> None:
    """Make the clusters of everybody who carries an identifier one, to which it leads, some at a time."""
    for _ in range(_ROUNDS):
        with begin() as work:
            clusters = clusters_of_carriers(work, key)
            if are_united(work, key, clusters):
                return
            if len(clusters) == 1:
                work.clusters.lead(key, work.clusters.carriers(key, limit=1)[0].signup_no)
                work.commit()
                continue
            through = work.clusters.carriers(key, limit=1)[0].signup_no
            for number in range(1, len(clusters), CLUSTERS_A_TRANSACTION):
                some = clusters[number : number + CLUSTERS_A_TRANSACTION]
                work.clusters.unite([clusters[0], *some], through=through, at=at)


def are_united(work: UnitOfWork, key: IdentifierKey, clusters: Sequence[int]) -> bool:
    """Whether these clusters of everybody who carries an identifier are one at most, and it leads there."""
    return not clusters or (len(clusters) == 1 and work.clusters.leads_to([key]).get(key) == clusters[0])


def _unite_lifted(begin: Begin, guarded: frozenset[Key], members: Mapping[int, ClusterMember], *, at: datetime) -> None:
    """Unite the carriers of what was guarded while these members parted, and is no more."""
    with begin() as work:
        lifted = guarded - {key_of(guard.key) for guard in work.clusters.guards()}
    if lifted:
        keys = {key for member in members.values() for key in member.identifiers if key_of(key) in lifted}
        for key in sorted(keys):
            if strength_of(key.kind) is Strength.STRONG:
                unite_carriers(begin, key, at=at)


def clusters_of_carriers(work: UnitOfWork, key: IdentifierKey) -> list[int]:
    """The clusters of everybody who carries an identifier, the one with most of them first: one, while it ties."""
    number_in = number_of_carriers(work, key)
    return sorted(number_in, key=lambda cluster: (-number_in[cluster], cluster))


def number_of_carriers(work: UnitOfWork, key: IdentifierKey) -> Counter[int]:
    """How many carry an identifier, by the cluster they are in."""
    carriers = work.clusters.carriers(key, limit=EVERY_CARRIER)
    return Counter(work.clusters.clusters_of([member.signup_no for member in carriers]).values())


def clusters_with_several(work: UnitOfWork, key: IdentifierKey) -> list[int]:
    """The clusters of which several members carry an identifier: of a medium one's newest carriers alone, because
    hundreds of clusters may have an address.
    """
    limit = EVERY_CARRIER if strength_of(key.kind) is Strength.STRONG else CARRIERS
    carriers = work.clusters.carriers(key, limit=limit)
    number_in = Counter(work.clusters.clusters_of([member.signup_no for member in carriers]).values())
    return sorted(cluster for cluster, number in number_in.items() if number > 1)


def parts_without(members: Sequence[ClusterMember], without: Key, guarded: frozenset[Key]) -> list[tuple[int, ...]]:
    """The parts that come off when an identifier ties nobody, the part that stays left out."""
    accounts = accounts_of(members)
    carriers = {account.number for account in accounts if without in account.keys}
    if not carriers:
        return []
    numbers = [account.number for account in accounts]
    before = components(numbers, ties_of(accounts, guarded - {without}))
    after = ties_of(accounts, guarded | {without})
    parts: list[tuple[int, ...]] = []
    for whole in before:
        if carriers.isdisjoint(whole):
            continue
        inside = set(whole)
        held = {tie: carrying for tie, carrying in after.items() if not inside.isdisjoint(carrying)}
        parts += components(whole, held)[1:]
    return parts
