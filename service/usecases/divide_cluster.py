"""Divide a cluster once an identifier ties nobody any more, and unite again those that it tied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.linkage.identifier import Strength, strength_of
from models.linkage.pieces import Account, Key, components, ties_of
from service.domain.errors import ConflictError
from service.usecases.ports import Begin
from service.usecases.ports_clusters import ClusterMember, IdentifierKey
from service.usecases.survey_cluster import key_of

MEMBERS_A_TRANSACTION = 2_000
"""Parts are moved out so many members at a time, so that sign-ups wait for none of them long."""

EVERY_CARRIER = 1_000_000

_TRIES = 5
"""How often a division starts again because members came or left meanwhile."""


def divide(begin: Begin, cluster: int, without: IdentifierKey) -> int:
    """Move those out of a cluster whom only one identifier tied to it, which is guarded by now; how many members.

    The largest part keeps the cluster's number. Members whom something else tied when they came, which is not seen
    any more, stay where they are. Safe to run again: what is divided already stays divided.
    """
    for last in range(_TRIES, 0, -1):
        with begin() as work:
            root = work.clusters.root(cluster)
            if root is None:
                return 0
            members = {member.signup_no: member for member in work.clusters.members(root)}
            guarded = frozenset(key_of(guard.key) for guard in work.clusters.guards())
        parts = parts_without(list(members.values()), key_of(without), guarded)
        try:
            _move_out(begin, root, parts, members, guarded)
        except ConflictError:
            if last == 1:
                raise
            continue
        return sum(map(len, parts))
    raise RuntimeError("bug: neither divided nor refused")


def unite_carriers(begin: Begin, key: IdentifierKey, *, at: datetime) -> int:
    """Make the clusters of everybody who carries an identifier one, unless they are; how many there were."""
    with begin() as work:
        carriers = work.clusters.carriers(key, limit=EVERY_CARRIER)
        clusters = {work.clusters.cluster_of(member.signup_no) for member in carriers} - {None}
        if len(clusters) > 1:
            work.clusters.unite(
                sorted(each for each in clusters if each is not None), through=carriers[0].signup_no, at=at
            )
    return len(clusters)


def parts_without(members: Sequence[ClusterMember], without: Key, guarded: frozenset[Key]) -> list[tuple[int, ...]]:
    """The parts that come off when an identifier ties nobody, the part that stays left out."""
    accounts = [
        Account(
            member.signup_no,
            tuple(key_of(each) for each in member.identifiers if strength_of(each.kind) is not Strength.WEAK),
        )
        for member in members
    ]
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


def _move_out(
    begin: Begin,
    cluster: int,
    parts: Sequence[tuple[int, ...]],
    members: dict[int, ClusterMember],
    guarded: frozenset[Key],
) -> None:
    some: list[tuple[int, ...]] = []
    for at, part in enumerate(parts):
        some.append(part)
        if at + 1 == len(parts) or sum(map(len, some)) >= MEMBERS_A_TRANSACTION:
            anchors = {
                key: number
                for number in sorted((number for each in some for number in each), reverse=True)
                for key in members[number].identifiers
                if strength_of(key.kind) is Strength.STRONG and key_of(key) not in guarded
            }
            with begin() as work:
                work.clusters.split(cluster, some, sorted(anchors.items()))
                work.gathering.scatter([number for each in some for number in each])
                work.commit()
            some = []
