"""What is asked about clusters in memory: the port over the history that replays use."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.marks import Mark
from models.linkage.memory_clusters import Member
from models.linkage.memory_marks import Key
from models.linkage.velocity import SATURATION
from service.domain.decision import Decision
from service.storage.instants import instant_of, microseconds_of
from service.storage.memory.shelves import Shelves, Write
from service.usecases.ports_clusters import (
    ClusterMember,
    ClusterSummary,
    Guard,
    IdentifierKey,
    KeptCompany,
    Known,
    Marked,
    Merged,
)


class MemoryClusterReads:
    """The questions of ``service.usecases.ports_clusters.Clusters``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged
        self._clusters = shelves.history.clusters

    def root(self, cluster: int) -> int | None:
        """See the port."""
        with self._shelves.lock:
            return self._clusters.root(cluster) if self._clusters.founded(cluster) else None

    def cluster_of(self, signup_no: int) -> int | None:
        """See the port."""
        with self._shelves.lock:
            member = self._clusters.members.get(signup_no)
            return None if member is None else self._clusters.root(member.cluster)

    def clusters_of(self, signup_nos: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        with self._shelves.lock:
            members = self._clusters.members
            return {number: self._clusters.root(members[number].cluster) for number in signup_nos if number in members}

    def leads_to(self, keys: Sequence[IdentifierKey]) -> Mapping[IdentifierKey, int]:
        """See the port."""
        with self._shelves.lock:
            led = [(key, self._clusters.anchored(plain_key(key))) for key in keys]
            return {key: cluster for key, cluster in led if cluster is not None}

    def summary(self, cluster: int) -> ClusterSummary | None:
        """See the port."""
        with self._shelves.lock:
            root = self.root(cluster)
            if root is None:
                return None
            numbers = self._clusters.numbers_of(root)
            labels = [self._clusters.members[number].label for number in numbers]
            return ClusterSummary(
                number=root,
                founded_at=instant_of(self._clusters.founded_us(root)),
                size=len(numbers),
                frauds=labels.count(Mark.BANNED),
                good=labels.count(Mark.GOOD),
                first_no=numbers[0] if numbers else 0,
                last_no=numbers[-1] if numbers else 0,
            )

    def kept_by(self, signup_no: int) -> KeptCompany | None:
        """See the port."""
        with self._shelves.lock:
            member = self._clusters.members.get(signup_no)
            summary = None if member is None else self.summary(member.cluster)
        if summary is None or summary.size < 2:
            return None
        return KeptCompany(summary.number, min(summary.size - 1, SATURATION), min(summary.frauds, SATURATION))

    def sizes(self, clusters: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        with self._shelves.lock:
            counted = {cluster: len(self._clusters.numbers_of(cluster)) for cluster in clusters}
        return {cluster: size for cluster, size in counted.items() if size}

    def members(self, cluster: int, *, after_no: int = 0, limit: int | None = None) -> Sequence[ClusterMember]:
        """See the port."""
        with self._shelves.lock:
            if not self._clusters.founded(cluster):
                return ()
            numbers = [number for number in self._clusters.numbers_of(cluster) if number > after_no]
            return tuple(self._member(self._clusters.members[number]) for number in numbers[:limit])

    def newest(self, cluster: int, *, limit: int) -> Sequence[ClusterMember]:
        """See the port."""
        with self._shelves.lock:
            numbers = self._clusters.numbers_of(cluster)[-limit:] if self._clusters.founded(cluster) else ()
            return tuple(self._member(self._clusters.members[number]) for number in numbers)

    def member(self, signup_no: int) -> ClusterMember | None:
        """See the port."""
        with self._shelves.lock:
            member = self._clusters.members.get(signup_no)
            return None if member is None else self._member(member)

    def several(self, signup_nos: Sequence[int]) -> Sequence[ClusterMember]:
        """See the port."""
        with self._shelves.lock:
            members = self._clusters.members
            return tuple(self._member(members[number]) for number in signup_nos if number in members)

    def carriers(
        self, key: IdentifierKey, *, limit: int, once: Decision | None = None, since: datetime | None = None
    ) -> Sequence[ClusterMember]:
        """See the port."""
        with self._shelves.lock:
            self._read_up()
            signups = self._shelves.signups
            newest: Iterable[int] = reversed(self._shelves.carried.get(plain_key(key), ()))
            if since is not None:
                newest = (number for number in newest if signups[number].record.recorded_at >= since)
            if once is not None:
                newest = (number for number in newest if any(e.decision is once for e in signups[number].assessments))
            return tuple(self._member(self._clusters.members[number]) for number in islice(newest, limit))

    def recent(self, *, after_no: int, limit: int) -> Sequence[ClusterMember]:
        """See the port."""
        with self._shelves.lock:
            members = self._clusters.members
            numbers = range(after_no + 1, min(len(members), after_no + limit) + 1)
            return tuple(self._member(members[number]) for number in numbers)

    def last_no(self) -> int:
        """See the port."""
        with self._shelves.lock:
            return len(self._clusters.members)

    def merges(self, cluster: int, *, limit: int = 1_000) -> Sequence[Merged]:
        """See the port. Merges are not kept here."""
        del cluster, limit
        return ()

    def praised(self, kind: IdentifierKind, *, at_least: int, limit: int) -> Sequence[IdentifierKey]:
        """See the port."""
        with self._shelves.lock:
            praised = sorted(
                key
                for key in self._clusters.marks.keys(kind)
                if sum(mark is Mark.GOOD for _, _, mark in self._clusters.marks.on(key)) >= at_least
            )
            return tuple(IdentifierKey(kind, value.encode()) for kind, value in praised[:limit])

    def known_of(self, key: IdentifierKey, *, limit: int) -> Sequence[Known]:
        """See the port."""
        with self._shelves.lock:
            newest = sorted(self._clusters.marks.on(plain_key(key)), reverse=True)
            found = [
                [Known(number, mark, instant_of(known)) for known, number, mark in newest if mark is wanted][:limit]
                for wanted in (Mark.BANNED, Mark.GOOD)
            ]
            return tuple(each for some in found for each in some)

    def marked(self) -> Sequence[Marked]:
        """See the port."""
        with self._shelves.lock:
            return tuple(sorted(self._shelves.marked, key=lambda each: (each.at, each.signup_no, each.mark)))

    def holding(self, keys: Collection[IdentifierKey]) -> Mapping[int, frozenset[IdentifierKey]]:
        """See the port."""
        held: dict[int, set[IdentifierKey]] = defaultdict(set)
        with self._shelves.lock:
            for key in keys:
                if plain_key(key) not in self._clusters.guards:
                    for _, number, mark in self._clusters.marks.on(plain_key(key)):
                        if mark is Mark.CONTAINED:
                            held[number].add(key)
        return {number: frozenset(of_it) for number, of_it in held.items()}

    def held_by_learning(self, signup_no: int) -> Mapping[IdentifierKey, datetime]:
        """See the port."""
        held: dict[IdentifierKey, datetime] = {}
        with self._shelves.lock:
            learnt = {microseconds_of(at) for at, _ in self._shelves.signups[signup_no].learnt}
            for key in self._keys(self._clusters.members[signup_no]):
                if plain_key(key) not in self._clusters.guards:
                    marks = self._clusters.marks.on(plain_key(key))
                    first_us = min((known_us for known_us, _, mark in marks if mark is Mark.CONTAINED), default=None)
                    if first_us is not None and first_us in learnt:
                        held[key] = instant_of(first_us)
        return held

    def guards(self, keys: Iterable[IdentifierKey] | None = None) -> Sequence[Guard]:
        """See the port."""
        wanted = None if keys is None else {key.digest for key in keys}
        with self._shelves.lock:
            return tuple(
                guard for guard in self._shelves.guards.values() if wanted is None or guard.key.digest in wanted
            )

    def newest_bans(self, clusters: Collection[int]) -> Mapping[int, datetime]:
        """See the port."""
        with self._shelves.lock:
            known = self._clusters.labelled(Mark.BANNED)
            return {cluster: instant_of(max(known[cluster])) for cluster in clusters if cluster in known}

    def learnt_after(self, signup_no: int, instant: datetime) -> frozenset[IdentifierKey]:
        """See the port."""
        with self._shelves.lock:
            learnt = [each for at, each in self._shelves.signups[signup_no].learnt if at > instant]
        return frozenset(IdentifierKey(each.kind, each.value.encode()) for each in learnt)

    def simultaneous(self, *, within: timedelta, limit: int) -> Sequence[int]:
        """See the port. Here one comes after the other."""
        del within, limit
        return ()

    def waiting(self) -> Sequence[int]:
        """See the port. Here nothing ever waits."""
        return ()

    def keys_of(self, identifiers: Sequence[tuple[IdentifierKind, str]]) -> Sequence[IdentifierKey]:
        """See the port."""
        return tuple(IdentifierKey(kind, value.encode()) for kind, value in identifiers)

    def _read_up(self) -> None:
        for number in range(self._shelves.carried_to + 1, len(self._clusters.members) + 1):
            self._carry(number, self._clusters.members[number].identifiers)
        self._shelves.carried_to = len(self._clusters.members)

    def _carry(self, signup_no: int, identifiers: Iterable[Identifier]) -> None:
        for key in {(each.kind, each.value) for each in identifiers}:
            insort(self._shelves.carried.setdefault(key, []), signup_no)

    def _keys(self, member: Member) -> tuple[IdentifierKey, ...]:
        """Its identifiers as the port names them, made once: they are asked for far more often than they change."""
        made = self._shelves.keys_of_member.get(member.signup_no)
        if made is None or len(made) != len(member.identifiers):
            made = tuple(IdentifierKey(each.kind, each.value.encode()) for each in member.identifiers)
            self._shelves.keys_of_member[member.signup_no] = made
        return made

    def _member(self, member: Member) -> ClusterMember:
        record = self._shelves.signups[member.signup_no].record
        return ClusterMember(
            signup_no=member.signup_no,
            id=record.id,
            owner=record.owner,
            signup_id=record.signup.signup_id,
            occurred_at=instant_of(member.occurred_us),
            recorded_at=record.recorded_at,
            identifiers=self._keys(member),
            label=member.label,
            label_at=None if member.label is None else instant_of(member.label_us),
            proof=member.proof,
        )


def plain_key(key: IdentifierKey) -> Key:
    """An identifier as the history names it."""
    return key.kind, key.digest.decode()
