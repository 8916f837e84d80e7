"""Clusters in memory: what changes them, beside what is asked about them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from models.linkage.history import Link
from models.linkage.identifier import STRONG_KINDS, Identifier
from models.linkage.marks import Mark
from models.linkage.memory_marks import Key
from service.domain.containment import ContainmentState, Role
from service.domain.errors import ConflictError
from service.storage.instants import microseconds_of
from service.storage.memory.cluster_reads import MemoryClusterReads, plain_key
from service.storage.memory.shelves import Undo
from service.usecases.ports_clusters import Guard, IdentifierKey, Marked


class MemoryClusterPort(MemoryClusterReads):
    """See ``service.usecases.ports_clusters.Clusters``. What is staged here is not undone when a later write fails."""

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
        held = sorted({plain_key(key) for key in keys})

        def hold() -> None:
            self._shelves.held[containment_no] = held
            if containment_no in self._shelves.containments:
                self._shelves.containments[containment_no].ever_held.update(held)
            self._clusters.marks.contain(held, containment_no, microseconds_of(at))

        self._stage(hold)

    def let_go(self, containment_no: int, *, at: datetime, keys: Iterable[IdentifierKey] | None = None) -> None:
        """See the port."""
        del at
        some = None if keys is None else {plain_key(key) for key in keys}

        def let_go() -> None:
            held = self._shelves.held.pop(containment_no, [])
            kept = [] if some is None else [key for key in held if key not in some]
            self._clusters.marks.release([key for key in held if key not in kept], containment_no)
            if kept:
                self._shelves.held[containment_no] = kept

        self._stage(let_go)

    def set_guard(self, guard: Guard) -> None:
        """See the port."""

        def put() -> None:
            if guard.key in self._shelves.guards:
                raise ConflictError("This identifier ties nobody already.")
            self._shelves.guards[guard.key] = guard
            self._clusters.guard(plain_key(guard.key), guard.state)

        self._stage(put)

    def lift_guard(self, guard: Guard) -> None:
        """See the port."""

        def lift() -> None:
            standing = self._shelves.guards.get(guard.key)
            if standing is None or (standing.state, standing.since) != (guard.state, guard.since):
                raise ConflictError("Somebody else was faster; this guard is lifted already.")
            del self._shelves.guards[guard.key]
            self._clusters.guard(plain_key(guard.key), None)

        self._stage(lift)

    def lead(self, key: IdentifierKey, signup_no: int) -> None:
        """See the port."""
        self._stage(lambda: self._clusters.lead(plain_key(key), signup_no))

    def hold_of(self, key: IdentifierKey, *, at: datetime) -> None:
        """See the port."""
        held, at_us = {plain_key(key)}, microseconds_of(at)

        def hold() -> None:
            self._read_up()
            members, carriers = self._clusters.members, self._shelves.carried.get(plain_key(key), ())
            for number in self._standing_with([each for each in carriers if members[each].label is not Mark.GOOD]):
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
            self._clusters.split(parts, [(plain_key(key), number) for key, number in anchors])

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
            self._clusters.move(signup_nos, into, [plain_key(key) for key in anchors])

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

    def settle(self, signup_nos: Collection[int] | None = None, *, at: datetime) -> int:
        """See the port. Here nothing ever waits."""
        del signup_nos, at
        return 0

    def _stage(self, work: Callable[[], object]) -> None:
        def write() -> Undo:
            work()
            return lambda: None

        self._staged.append(write)
