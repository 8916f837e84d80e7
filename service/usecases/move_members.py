"""Move members of a cluster into others, so many at a time that sign-ups wait for none of it long."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.linkage.identifier import Strength, strength_of
from models.linkage.pieces import Account, Key, Ties, ties_of
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey
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


def found_clusters(begin: Begin, whole: Dividing, parts: Sequence[tuple[int, ...]]) -> None:
    """Make every part a cluster of its own.

    A part larger than a transaction is moved in several. Whoever comes meanwhile, or is still to be moved should it be
    interrupted, is left behind: see ``service.usecases.left_behind``.

    Raises:
        ConflictError: a member left meanwhile.
    """
    following = whole.following([number for part in parts for number in part])
    some: list[tuple[int, ...]] = []
    for at, part in enumerate(parts):
        some.append(part[:MEMBERS_A_TRANSACTION])
        if at + 1 == len(parts) or sum(map(len, some)) >= MEMBERS_A_TRANSACTION:
            anchors = {key: number for each in some for number in reversed(each) for key in following[number]}
            with begin() as work:
                work.clusters.split(whole.cluster, some, sorted(anchors.items()))
                work.gathering.scatter([number for each in some for number in each])
                work.commit()
            some = []
        if len(part) > MEMBERS_A_TRANSACTION:
            with begin() as work:
                into = work.clusters.clusters_of(part[:1])[part[0]]
            _move(begin, whole.cluster, part[MEMBERS_A_TRANSACTION:], into, following)


def move_members(begin: Begin, whole: Dividing, signup_nos: Sequence[int], into: int) -> None:
    """Move members into another cluster, to which their identifiers lead from now on.

    Raises:
        ConflictError: a member left meanwhile, or one of the two clusters became part of another.
    """
    _move(begin, whole.cluster, signup_nos, into, whole.following(signup_nos))


def _move(
    begin: Begin,
    cluster: int,
    signup_nos: Sequence[int],
    into: int,
    following: Mapping[int, Sequence[IdentifierKey]],
) -> None:
    for at in range(0, len(signup_nos), MEMBERS_A_TRANSACTION):
        some = signup_nos[at : at + MEMBERS_A_TRANSACTION]
        with begin() as work:
            keys = sorted({key for number in some for key in following[number]})
            here = [key for key, leads_to in work.clusters.leads_to(keys).items() if leads_to == cluster]
            work.clusters.move(cluster, some, into, here)
            work.gathering.scatter(some)
            work.commit()
