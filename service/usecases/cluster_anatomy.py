"""What holds a cluster together: its members, the identifiers they share, and which of those tie them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from models.linkage.pieces import Account, Key, Tie, ties_of
from service.domain.cluster import identifier_handle
from service.usecases.ports import UnitOfWork
from service.usecases.ports_cluster_list import Carrier
from service.usecases.ports_clusters import Guard
from service.usecases.survey_cluster import key_of

MOST_MEMBERS = 20_000
"""The newest so many are looked at: the largest hydra seen so far, in about two seconds."""

_STRONGEST = {kind: place for place, kind in enumerate(IdentifierKind)}


@dataclass(frozen=True, slots=True)
class SharedIdentifier:
    """An identifier that several members carry, or one that was cut out and a single one may be left with.

    Attributes:
        accounts: members who carry it; likewise the known ``frauds`` and ``good`` among them.
        since: when the first of them signed up, ``until`` the newest.
        guard: why it ties nobody, if it does not.
        ties: whether it ties members now, alone or together with another one.
    """

    handle: str
    kind: IdentifierKind
    strength: Strength
    accounts: int
    frauds: int
    good: int
    since: datetime
    until: datetime
    guard: Guard | None
    ties: bool

    @property
    def is_cut(self) -> bool:
        """Whether a person cut it out."""
        return _is_cut(self.guard)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A cluster as the judgement on it sees it: ``ties`` lead from what ties to the members tied, by number."""

    members: Mapping[int, Carrier]
    ties: Mapping[Tie, Sequence[int]]
    shared: tuple[SharedIdentifier, ...]
    tying: frozenset[Key]
    whole: bool

    def shared_by(self, signup_no: int) -> tuple[IdentifierKind, ...]:
        """The kinds of what a member is tied to others by, strongest first; none of those that were not looked at."""
        member = self.members.get(signup_no)
        kinds = set() if member is None else {key[0] for key in member.keys if key in self.tying}
        return tuple(sorted(kinds, key=_STRONGEST.__getitem__))


def anatomy_of(work: UnitOfWork, cluster: int, size: int) -> Anatomy:
    """Look at a cluster, at most its newest ``MOST_MEMBERS``."""
    members = work.cluster_list.carriers(cluster, newest=MOST_MEMBERS)
    guards = {key_of(guard.key): guard for guard in work.clusters.guards()}
    return dissect(members, guards, whole=len(members) >= size)


def dissect(members: Sequence[Carrier], guards: Mapping[Key, Guard], *, whole: bool = True) -> Anatomy:
    """What these members share: what ties them first, then what was cut out, and of each what most of them carry."""
    carried: dict[Key, list[Carrier]] = defaultdict(list)
    for member in members:
        for key in dict.fromkeys(member.keys):
            carried[key].append(member)
    several = {key: carriers for key, carriers in carried.items() if len(carriers) >= 2}
    # Where a cut divided a cluster one carrier may be all that is left here, and the way back leads over its row.
    listed = {key: carriers for key, carriers in carried.items() if key in several or _is_cut(guards.get(key))}
    accounts = [Account(member.signup_no, tuple(key for key in member.keys if key in several)) for member in members]
    ties = ties_of(accounts, guards.keys())
    tying = frozenset(key for tie in ties for key in tie)
    shared = [_shared(key, carriers, guards.get(key), ties=key in tying) for key, carriers in listed.items()]
    shared.sort(key=lambda each: (not each.ties, not each.is_cut, -each.accounts, each.handle))
    return Anatomy({member.signup_no: member for member in members}, ties, tuple(shared), tying, whole)


def bytes_of(digest: object) -> bytes:
    """The digest of an identifier, which the judgement only compares."""
    if not isinstance(digest, bytes):
        raise TypeError("bug: the digest of an identifier is bytes")
    return digest


def _is_cut(guard: Guard | None) -> bool:
    return guard is not None and guard.state is GuardState.CUT


def _shared(key: Key, carriers: Sequence[Carrier], guard: Guard | None, *, ties: bool) -> SharedIdentifier:
    kind, digest = key
    occurred = [member.occurred_at for member in carriers]
    return SharedIdentifier(
        handle=identifier_handle(kind, bytes_of(digest)),
        kind=kind,
        strength=strength_of(kind),
        accounts=len(carriers),
        frauds=sum(member.label is Mark.BANNED for member in carriers),
        good=sum(member.label is Mark.GOOD for member in carriers),
        since=min(occurred),
        until=max(occurred),
        guard=guard,
        ties=ties,
    )
