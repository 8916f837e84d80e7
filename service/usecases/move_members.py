"""Move members of a cluster into others, so many at a time that sign-ups wait for none of it long."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from models.linkage.identifier import Strength, strength_of
from models.linkage.pieces import Account, Key, Ties, ties_of
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey
from service.usecases.put_off_corrections import put_off_on_both_sides
from service.usecases.survey_cluster import key_of

MEMBERS_A_TRANSACTION = 100
"""On SQLite nobody else writes meanwhile: five to twenty milliseconds, for 2,000 at once two hundred."""


@dataclass(frozen=True, slots=True)
class Dividing:
    """A cluster while it is divided: its members by number, in order, and every identifier that ties nobody."""

    cluster: int
    members: dict[int, ClusterMember]
    guarded: frozenset[Key]

    @classmethod
    def read(cls, work: UnitOfWork, cluster: int) -> Dividing | None:
        """What a cluster has become by now; ``None`` when there is none."""
        root = work.clusters.root(cluster)
        if root is None:
            return None
        members = {member.signup_no: member for member in work.clusters.members(root)}
        return cls(root, members, frozenset(key_of(guard.key) for guard in work.clusters.guards()))

    def leading(self, signup_no: int) -> list[IdentifierKey]:
        """The identifiers of a member that lead to its cluster: unguarded strong ones."""
        return [key for key in self._strong(signup_no) if key_of(key) not in self.guarded]

    def following(self, leaving: Collection[int]) -> Mapping[int, Sequence[IdentifierKey]]:
        """The identifiers of those who leave that lead after them, by member.

        Guarded ones do too once nobody who stays carries them: the guard may be lifted at any moment, and what ties
        again leads to who carries it.
        """
        gone = frozenset(leaving)
        stay = {
            key for number in self.members.keys() - gone for key in self._strong(number) if key_of(key) in self.guarded
        }
        return {number: [key for key in self._strong(number) if key not in stay] for number in gone}

    def without(self, signup_nos: Iterable[int]) -> Dividing:
        """What is left once these have gone."""
        gone = set(signup_nos)
        left = {number: member for number, member in self.members.items() if number not in gone}
        return Dividing(self.cluster, left, self.guarded)

    def _strong(self, signup_no: int) -> list[IdentifierKey]:
        return [key for key in self.members[signup_no].identifiers if strength_of(key.kind) is Strength.STRONG]


def ties_among(members: Iterable[ClusterMember], guarded: frozenset[Key]) -> Ties:
    """What ties members while these identifiers tie nobody."""
    return ties_of(accounts_of(members), guarded)


def accounts_of(members: Iterable[ClusterMember]) -> list[Account]:
    """Members as ties are found among them: by what may tie at all."""
    return [
        Account(
            member.signup_no,
            tuple(key_of(each) for each in member.identifiers if strength_of(each.kind) is not Strength.WEAK),
        )
        for member in members
    ]


def found_clusters(begin: Begin, whole: Dividing, parts: Sequence[tuple[int, ...]], *, at: datetime) -> None:
    """Make every part a cluster of its own.

    A part larger than a transaction is moved in several. Whoever comes meanwhile, or is still to be moved should it be
    interrupted, is left behind: see ``service.usecases.left_behind``.

    Raises:
        ConflictError: a member left meanwhile.
    """
    leaving = _Leaving.of(begin, whole, [number for part in parts for number in part], at)
    some: list[tuple[int, ...]] = []
    for done, part in enumerate(parts, start=1):
        some.append(part[:MEMBERS_A_TRANSACTION])
        if done == len(parts) or sum(map(len, some)) >= MEMBERS_A_TRANSACTION:
            leaving.found(some)
            some = []
        if len(part) > MEMBERS_A_TRANSACTION:
            with begin() as work:
                into = work.clusters.clusters_of(part[:1])[part[0]]
            leaving.move(part[MEMBERS_A_TRANSACTION:], into)


def move_members(begin: Begin, whole: Dividing, signup_nos: Sequence[int], into: int, *, at: datetime) -> None:
    """Move members into another cluster, to which their identifiers lead from now on.

    Raises:
        ConflictError: a member left meanwhile, or one of the two clusters became part of another.
    """
    _Leaving.of(begin, whole, signup_nos, at).move(signup_nos, into)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Members that leave a cluster, with the identifiers that lead after each, how many each carries, and somebody who
    stays.
    """

    begin: Begin
    cluster: int
    following: Mapping[int, Sequence[IdentifierKey]]
    carried: Mapping[int, int]
    staying: int | None
    at: datetime

    @classmethod
    def of(cls, begin: Begin, whole: Dividing, signup_nos: Collection[int], at: datetime) -> Self:
        staying = min(whole.members.keys() - set(signup_nos), default=None)
        carried = {number: len(whole.members[number].identifiers) for number in signup_nos}
        return cls(begin, whole.cluster, whole.following(signup_nos), carried, staying, at)

    def found(self, parts: Sequence[tuple[int, ...]]) -> None:
        anchors = {key: number for each in parts for number in reversed(each) for key in self.following[number]}
        with self._transaction(parts) as work:
            work.clusters.split(self.cluster, parts, sorted(anchors.items()), self.carried)
            work.gathering.scatter([number for each in parts for number in each])
            work.commit()

    def move(self, signup_nos: Sequence[int], into: int) -> None:
        for first in range(0, len(signup_nos), MEMBERS_A_TRANSACTION):
            some = signup_nos[first : first + MEMBERS_A_TRANSACTION]
            with self._transaction([some]) as work:
                keys = sorted({key for number in some for key in self.following[number]})
                here = [key for key, leads_to in work.clusters.leads_to(keys).items() if leads_to == self.cluster]
                work.clusters.move(self.cluster, some, into, here, self.carried)
                work.gathering.scatter(some)
                work.commit()

    @contextmanager
    def _transaction(self, parts: Sequence[Sequence[int]]) -> Iterator[UnitOfWork]:
        """A correction that waits in the cluster waits where they go, too."""
        put_off_on_both_sides(self.begin, self.cluster, parts, self.staying, at=self.at)
        with self.begin() as work:
            yield work
        put_off_on_both_sides(self.begin, self.cluster, parts, self.staying, at=self.at)
