"""Clusters in memory: the port over the history that replays use."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from models.linkage.history import Link
from models.linkage.identifier import STRONG_KINDS, Identifier, IdentifierKind
from models.linkage.marks import Mark
from models.linkage.memory_clusters import Member
from models.linkage.memory_marks import Key
from models.linkage.velocity import SATURATION
from service.domain.containment import ContainmentState, Role
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.storage.instants import instant_of, microseconds_of
from service.storage.memory.shelves import Shelves, Undo, Write
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


class MemoryClusterPort:
    """See ``service.usecases.ports_clusters.Clusters``. What is staged here is not undone when a later write fails."""

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
            led = [(key, self._clusters.anchored(_key(key))) for key in keys]
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
            newest: Iterable[int] = reversed(self._shelves.carried.get(_key(key), ()))
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
            newest = sorted(self._clusters.marks.on(_key(key)), reverse=True)
            found = [
                [Known(number, mark, instant_of(known)) for known, number, mark in newest if mark is wanted][:limit]
                for wanted in (Mark.BANNED, Mark.GOOD)
            ]
            return tuple(each for some in found for each in some)

    def marked(self) -> Sequence[Marked]:
        """See the port."""
        with self._shelves.lock:
            return tuple(sorted(self._shelves.marked, key=lambda each: (each.at, each.signup_no, each.mark)))

    def mark(self, signup_no: int, mark: Mark, *, at: datetime) -> None:
        """See the port."""

        def marking() -> None:
            self._clusters.mark(signup_no, mark, microseconds_of(at))
            self._shelves.marked.append(Marked(signup_no, mark, at))

        self._stage(marking)

    def unmark(self, signup_no: int, mark: Mark, *, at: datetime) -> None:
        """See the port."""

        def withdrawing() -> None:
            self._clusters.unmark(signup_no, mark)
            self._shelves.marked = [
                replace(each, withdrawn_at=at)
                if (each.signup_no, each.mark, each.withdrawn_at) == (signup_no, mark, None)
                else each
                for each in self._shelves.marked
            ]

        self._stage(withdrawing)

    def hold(self, keys: Iterable[IdentifierKey], containment_no: int, *, at: datetime) -> None:
        """See the port."""
        held = sorted({_key(key) for key in keys})

        def hold() -> None:
            self._shelves.held[containment_no] = held
            if containment_no in self._shelves.containments:
                self._shelves.containments[containment_no].ever_held.update(held)
            self._clusters.marks.contain(held, containment_no, microseconds_of(at))

        self._stage(hold)

    def let_go(self, containment_no: int, *, at: datetime, keys: Iterable[IdentifierKey] | None = None) -> None:
        """See the port."""
        del at
        some = None if keys is None else {_key(key) for key in keys}

        def let_go() -> None:
            held = self._shelves.held.pop(containment_no, [])
            kept = [] if some is None else [key for key in held if key not in some]
            self._clusters.marks.release([key for key in held if key not in kept], containment_no)
            if kept:
                self._shelves.held[containment_no] = kept

        self._stage(let_go)

    def holding(self, keys: Collection[IdentifierKey]) -> Mapping[int, frozenset[IdentifierKey]]:
        """See the port."""
        held: dict[int, set[IdentifierKey]] = defaultdict(set)
        with self._shelves.lock:
            for key in keys:
                if _key(key) not in self._clusters.guards:
                    for _, number, mark in self._clusters.marks.on(_key(key)):
                        if mark is Mark.CONTAINED:
                            held[number].add(key)
        return {number: frozenset(of_it) for number, of_it in held.items()}

    def guards(self, keys: Iterable[IdentifierKey] | None = None) -> Sequence[Guard]:
        """See the port."""
        wanted = None if keys is None else {key.digest for key in keys}
        with self._shelves.lock:
            return tuple(
                guard for guard in self._shelves.guards.values() if wanted is None or guard.key.digest in wanted
            )

    def set_guard(self, guard: Guard) -> None:
        """See the port."""

        def put() -> None:
            if guard.key in self._shelves.guards:
                raise ConflictError("This identifier ties nobody already.")
            self._shelves.guards[guard.key] = guard
            self._clusters.guard(_key(guard.key), guard.state)

        self._stage(put)

    def lift_guard(self, guard: Guard) -> None:
        """See the port."""

        def lift() -> None:
            standing = self._shelves.guards.get(guard.key)
            if standing is None or (standing.state, standing.since) != (guard.state, guard.since):
                raise ConflictError("Somebody else was faster; this guard is lifted already.")
            del self._shelves.guards[guard.key]
            self._clusters.guard(_key(guard.key), None)

        self._stage(lift)

    def lead(self, key: IdentifierKey, signup_no: int) -> None:
        """See the port."""
        self._stage(lambda: self._clusters.lead(_key(key), signup_no))

    def hold_of(self, key: IdentifierKey, signup_nos: Collection[int], *, at: datetime) -> None:
        """See the port."""
        held, at_us = {_key(key)}, microseconds_of(at)

        def hold() -> None:
            for number in self._standing_with(signup_nos):
                self._hold_too(number, held, at_us)

        self._stage(hold)

    def hold_carried(self, signup_nos: Collection[int], *, at: datetime) -> None:
        """See the port. Here nobody writes while another does."""
        at_us = microseconds_of(at)

        def hold() -> None:
            for number, core in self._standing_with(signup_nos).items():
                members = [self._clusters.members[each] for each in core]
                carried = (each for member in members if member.label is not Mark.GOOD for each in member.identifiers)
                strong = {(each.kind, each.value) for each in carried if each.kind in STRONG_KINDS}
                self._hold_too(number, strong.difference(self._clusters.guards), at_us)

        self._stage(hold)

    def _standing_with(self, signup_nos: Collection[int]) -> Mapping[int, Sequence[int]]:
        """Who of these is in the core of which standing containment, by its number."""
        found: dict[int, Sequence[int]] = {}
        for number, kept in self._shelves.containments.items():
            if kept.containment.state is ContainmentState.STANDING:
                here = (each for each in signup_nos if each in kept.members)
                found[number] = [each for each in here if kept.members[each].touched.role is Role.CORE]
        return {number: core for number, core in found.items() if core}

    def _hold_too(self, containment_no: int, keys: Collection[Key], at_us: int) -> None:
        holds = self._shelves.held.get(containment_no, [])
        further = sorted(set(keys).difference(holds))
        if further:
            self._shelves.held[containment_no] = sorted([*holds, *further])
            self._shelves.containments[containment_no].ever_held.update(further)
            self._clusters.marks.contain(further, containment_no, at_us)

    def split(
        self,
        cluster: int,
        parts: Sequence[Sequence[int]],
        anchors: Sequence[tuple[IdentifierKey, int]],
        carried: Mapping[int, int],
    ) -> None:
        """See the port."""
        with self._shelves.lock:
            moving = [number for part in parts for number in part]
            if not self._are_as_read(cluster, moving, carried):
                raise ConflictError("Members left the cluster meanwhile; look at it again.")
            self._clusters.split(parts, [(_key(key), number) for key, number in anchors])

    def move(
        self,
        cluster: int,
        signup_nos: Sequence[int],
        into: int,
        anchors: Sequence[IdentifierKey],
        carried: Mapping[int, int],
    ) -> None:
        """See the port."""
        with self._shelves.lock:
            if not self._are_as_read(cluster, signup_nos, carried) or self.root(into) != into:
                raise ConflictError("Members left the cluster meanwhile; look at it again.")
            self._clusters.move(signup_nos, into, [_key(key) for key in anchors])

    def _are_as_read(self, cluster: int, signup_nos: Sequence[int], carried: Mapping[int, int]) -> bool:
        members = self._clusters.members
        return (
            self.root(cluster) == cluster
            and set(signup_nos) <= set(self._clusters.numbers_of(cluster))
            and all(len(members[number].identifiers) == carried[number] for number in signup_nos)
        )

    def unite(self, clusters: Sequence[int], *, through: int, at: datetime) -> None:
        """See the port."""
        del through, at
        with self._shelves.lock:
            self._clusters.unite(clusters)

    def add_identifiers(self, signup_no: int, identifiers: Sequence[Identifier], *, at: datetime) -> None:
        """See the port."""

        def add() -> None:
            member = self._clusters.members[signup_no]
            known = {(each.kind, each.value) for each in member.identifiers}
            fresh = {(each.kind, each.value): each for each in identifiers}
            new = tuple(each for key, each in fresh.items() if key not in known)
            if not new:
                return
            record = self._shelves.signups[signup_no].record
            link = Link(signup_no, at, at, record.signup.account_type, new)
            self._shelves.history.link_further(link)
            if signup_no <= self._shelves.carried_to:
                self._carry(signup_no, new)
            self._shelves.signups[signup_no].record = replace(record, identifiers=(*record.identifiers, *new))
            self._shelves.signups[signup_no].learnt += [(at, each) for each in new]

        self._stage(add)

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

    def settle(self, *, at: datetime) -> int:
        """See the port. Here nothing ever waits."""
        del at
        return 0

    def simultaneous(self, *, within: timedelta, limit: int) -> Sequence[int]:
        """See the port. Here one comes after the other."""
        del within, limit
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

    def _stage(self, work: Callable[[], object]) -> None:
        def write() -> Undo:
            work()
            return lambda: None

        self._staged.append(write)

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


def _key(key: IdentifierKey) -> Key:
    return key.kind, key.digest.decode()
