"""Containments in memory: one module, as the port is one, because every part of it reads and writes the same shelf."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from models.linkage.marks import Mark
from service.domain.containment import (
    WORKER,
    Containment,
    ContainmentState,
    Done,
    InCore,
    Looked,
    Progress,
    Role,
    Task,
    Touched,
)
from service.domain.decision import Decision
from service.domain.errors import ConflictError, TakenError
from service.storage.memory.shelves import KeptContainment, KeptMember, Shelves, Undo, Write

_Judged = tuple[Looked, datetime]

_TO_DO = frozenset({Progress.WAITING, Progress.RESTORING})
_CARRIED_OUT = frozenset({Progress.CHANGED, Progress.UNCHANGED})


class MemoryContainments:
    """See ``service.usecases.ports_containments.Containments``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged
        self._clusters = shelves.history.clusters

    def next_number(self) -> int:
        """See the port."""
        with self._shelves.lock:
            return max(self._shelves.containments, default=0) + 1

    def of_cluster(self, cluster: int) -> Sequence[Containment]:
        """See the port."""
        with self._shelves.lock:
            root = self._clusters.root(cluster)
            kept = [each.containment for each in self._shelves.containments.values()]
            return tuple(each for each in reversed(kept) if self._clusters.root(each.cluster) == root)

    def touching(self, cluster: int) -> Sequence[Containment]:
        """See the port."""
        with self._shelves.lock:
            numbers = set(self._clusters.numbers_of(cluster))
            kept = [each for _, each in sorted(self._shelves.containments.items(), reverse=True)]
            return tuple(each.containment for each in kept if not numbers.isdisjoint(each.members))

    def waiting(self) -> Sequence[Containment]:
        """See the port."""
        with self._shelves.lock:
            kept = [each.containment for _, each in sorted(self._shelves.containments.items())]
            return tuple(each for each in kept if each.state is ContainmentState.PENDING)

    def released(self, *, since: datetime) -> Sequence[Containment]:
        """See the port."""
        with self._shelves.lock:
            kept = [each.containment for _, each in sorted(self._shelves.containments.items())]
            return tuple(each for each in kept if each.released_at is not None and each.released_at >= since)

    def touched(self, number: int, *, after_no: int = 0, limit: int | None = None) -> Sequence[Touched]:
        """See the port."""
        with self._shelves.lock:
            members = self._shelves.containments[number].members
            return tuple(members[each].touched for each in sorted(members) if each > after_no)[:limit]

    def standing_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """See the port."""
        return self._among(signup_nos, Role.CORE, {ContainmentState.PENDING, ContainmentState.STANDING})

    def asked_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """See the port."""
        return self._among(signup_nos, Role.LEAF, {ContainmentState.PENDING, ContainmentState.STANDING})

    def released_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """See the port."""
        return self._among(
            signup_nos,
            Role.CORE,
            {ContainmentState.RELEASED},
            lambda released: not released.declined or released.opened_by == WORKER,
        )

    def released_at(self, signup_nos: Collection[int]) -> Mapping[int, datetime]:
        """See the port."""
        found: dict[int, datetime] = {}
        with self._shelves.lock:
            for kept in self._shelves.containments.values():
                at = kept.containment.released_at
                if at is None or (kept.containment.declined and kept.containment.opened_by != WORKER):
                    continue
                for number in kept.members.keys() & set(signup_nos):
                    if kept.members[number].touched.role is Role.CORE:
                        found[number] = max(at, found.get(number, at))
        return found

    def cores(self, *, at: datetime) -> Sequence[InCore]:
        """See the port."""
        found: dict[int, InCore] = {}
        with self._shelves.lock:
            for kept in self._shelves.containments.values():
                containment = kept.containment
                since = containment.stands_since
                if since is None or not containment.stood_at(at):
                    continue
                for number, member in kept.members.items():
                    if member.touched.role is Role.CORE:
                        found.setdefault(number, InCore(number, containment.id, since))
        return tuple(found[number] for number in sorted(found))

    def open(self, containment: Containment, touched: Sequence[Touched]) -> None:
        """See the port."""

        def write() -> Undo:
            if containment.number in self._shelves.containments:
                raise TakenError("Another containment was opened at the same moment; try again.")
            members = {each.signup_no: KeptMember(each) for each in touched}
            self._shelves.containments[containment.number] = KeptContainment(containment, members)
            return lambda: self._shelves.containments.pop(containment.number)

        self._staged.append(write)

    def part(self, number: int, fresh: Containment, signup_nos: Collection[int], *, carried: Mapping[int, int]) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.containments[number]
            before, members = kept.containment, dict(kept.members)
            if fresh.number in self._shelves.containments:
                raise TakenError("Another containment was opened at the same moment; try again.")
            if before.state is not fresh.state or not set(signup_nos) <= members.keys():
                raise ConflictError("The containment is no longer as it was; look at it again.")
            if any(len(self._clusters.members[each].identifiers) != had for each, had in carried.items()):
                raise TakenError("Somebody of its core learnt something at the same moment; try again.")
            kept.containment = replace(before, core=before.core - fresh.core, leaves=before.leaves - fresh.leaves)
            parted = {each: kept.members.pop(each) for each in sorted(signup_nos)}
            self._shelves.containments[fresh.number] = KeptContainment(fresh, parted)

            def undo() -> None:
                kept.containment, kept.members = before, members
                self._shelves.containments.pop(fresh.number)

            return undo

        self._staged.append(write)

    def touch(self, number: int, touched: Touched) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.containments[number]
            before, member = kept.containment, kept.members.get(touched.signup_no)
            role = None if member is None else member.touched.role
            if before.state is not ContainmentState.STANDING or role in (touched.role, Role.CORE):
                return lambda: None
            kept.containment = replace(
                before,
                core=before.core + (touched.role is Role.CORE),
                leaves=before.leaves + (touched.role is Role.LEAF) - (role is Role.LEAF),
            )
            kept.members[touched.signup_no] = KeptMember(
                touched,
                before_id=None if member is None else member.before_id,
                made_id=None if member is None else member.made_id,
            )

            def undo() -> None:
                kept.containment = before
                if member is None:
                    del kept.members[touched.signup_no]
                else:
                    kept.members[touched.signup_no] = member

            return undo

        self._staged.append(write)

    def confirm(self, confirmed: Containment, *, without: Collection[int] = ()) -> None:
        """See the port."""
        self._change(confirmed.number, {ContainmentState.PENDING}, lambda _: confirmed)

        def write() -> Undo:
            members = self._shelves.containments[confirmed.number].members
            left_out = {each: members.pop(each) for each in without if each in members}
            return lambda: members.update(left_out)

        self._staged.append(write)

    def release(self, number: int, *, at: datetime, by: str) -> None:
        """See the port."""
        self._change(
            number,
            {ContainmentState.PENDING, ContainmentState.STANDING},
            lambda each: replace(each, state=ContainmentState.RELEASED, released_at=at, released_by=by),
        )

        def write() -> Undo:
            members = self._shelves.containments[number].members
            before = {each: member.progress for each, member in members.items()}
            for member in members.values():
                # A leaf that became part of the core waits again, and has been changed all the same.
                waits_again = member.progress is Progress.WAITING and member.made_id is not None
                member.progress = Progress.RESTORING if waits_again else _RELEASED[member.progress]

            def undo() -> None:
                for each, progress in before.items():
                    members[each].progress = progress

            return undo

        self._staged.append(write)

    def decline(self, number: int, *, at: datetime, by: str) -> None:
        """See the port."""
        self.still_wait([number])
        self.release(number, at=at, by=by)
        self._change(number, {ContainmentState.RELEASED}, lambda each: replace(each, declined=True))

    def still_wait(self, numbers: Collection[int]) -> None:
        """See the port."""
        for number in numbers:
            self._change(number, {ContainmentState.PENDING}, lambda each: each)

    def look_again_at(self, numbers: Sequence[int], *, cluster: int, since: datetime, held_by: Collection[int]) -> None:
        """See the port."""

        def write() -> Undo:
            touched = {each for number in numbers for each in self._shelves.containments[number].members}
            touching = {*self._clusters.numbers_of(cluster), *self._carriers_of_held(held_by)} - touched
            members = self._shelves.containments[numbers[0]].members
            found = [each for each in sorted(touching) if self._kept_out(each, since)]
            for each in found:
                members[each] = KeptMember(Touched(each, Role.LEAF), Progress.RESTORING)

            def undo() -> None:
                for each in found:
                    del members[each]

            return undo

        self._staged.append(write)

    def look_again_at_touched(self, number: int) -> None:
        """See the port."""

        def write() -> Undo:
            members = self._shelves.containments[number].members
            restored = [(no, each) for no, each in members.items() if each.progress is Progress.RESTORED]
            return _restoring([each for no, each in restored if each.made_id is None and self._kept_out(no)])

        self._staged.append(write)

    def give_back_again(self, signup_no: int) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.containments.values()
            members = [each.members[signup_no] for each in kept if signup_no in each.members]
            if any(each.made_id is None and each.progress in _CARRIED_OUT for each in members):
                return lambda: None
            return _restoring([each for each in members if each.progress is Progress.RESTORED])

        self._staged.append(write)

    def _carriers_of_held(self, containments: Collection[int]) -> set[int]:
        held = set().union(*(self._shelves.containments[each].ever_held for each in containments))
        return {
            signup_no
            for signup_no, member in self._clusters.members.items()
            if not held.isdisjoint((each.kind, each.value) for each in member.identifiers)
        }

    def _kept_out(self, signup_no: int, since: datetime | None = None) -> bool:
        """Whether it was denied or asked, and no containment will give back what it made of it.

        Who is in review waits for a person in any case.
        """
        made = [kept.members[signup_no] for kept in self._shelves.containments.values() if signup_no in kept.members]
        if any(each.made_id is not None and each.progress is not Progress.RESTORED for each in made):
            return False
        return any(
            each.decision in {Decision.DENY, Decision.STEP_UP} and (since is None or each.decided_at >= since)
            for each in self._shelves.signups[signup_no].assessments
        )

    def undone(self, signup_nos: Collection[int]) -> Mapping[str, str]:
        """See the port."""
        with self._shelves.lock:
            released = [
                each
                for each in self._shelves.containments.values()
                if each.containment.state is ContainmentState.RELEASED
            ]
            members = [each.members[number] for each in released for number in signup_nos if number in each.members]
            return {each.made_id: each.before_id for each in members if each.made_id and each.before_id}

    def made(self, signup_nos: Collection[int]) -> frozenset[str]:
        """See the port."""
        with self._shelves.lock:
            kept = self._shelves.containments.values()
            standing = [each.members for each in kept if each.containment.state is ContainmentState.STANDING]
            made = [members[number].made_id for members in standing for number in signup_nos if number in members]
            return frozenset(each for each in made if each is not None)

    def stands_as(self, signup_no: int, made_id: str, copy_id: str) -> None:
        """See the port."""

        def write() -> Undo:
            kept = [each.members.get(signup_no) for each in self._shelves.containments.values()]
            changing = [each for each in kept if each is not None and each.made_id == made_id]
            for each in changing:
                each.made_id = copy_id

            def undo() -> None:
                for each in changing:
                    each.made_id = made_id

            return undo

        self._staged.append(write)

    def tasks(self, *, limit: int) -> Sequence[Task]:
        """See the port."""
        with self._shelves.lock:
            return tuple(islice(self._to_do(), limit))

    def looks_owed(self, signup_nos: Collection[int]) -> Sequence[Task]:
        """See the port."""
        wanted = frozenset(signup_nos)
        with self._shelves.lock:
            return tuple(each for each in self._to_do() if each.is_a_look and each.touched.signup_no in wanted)

    def _to_do(self) -> Iterator[Task]:
        for number, kept in self._shelves.containments.items():
            if kept.containment.state is ContainmentState.PENDING:
                continue
            for _, each in sorted(kept.members.items()):
                if each.progress in _TO_DO:
                    yield Task(
                        number,
                        kept.containment.id,
                        each.touched,
                        each.progress,
                        before_id=each.before_id,
                        made_id=each.made_id,
                        released_at=kept.containment.released_at,
                    )

    def done(self, done: Sequence[Done]) -> None:
        """See the port."""

        def write() -> Undo:
            for each in done:
                if each.task.touched.signup_no not in self._shelves.containments[each.task.containment].members:
                    raise ConflictError("The containment was parted at the same moment.")
            changing = [
                (each, self._shelves.containments[each.task.containment].members[each.task.touched.signup_no])
                for each in done
            ]
            if any(member.progress is not each.task.progress for each, member in changing):
                raise ConflictError("Somebody else did it at the same moment.")
            before = [(member, replace(member)) for _, member in changing]
            for each, member in changing:
                member.progress, member.before_id, member.made_id = each.progress, each.before_id, each.made_id

            def undo() -> None:
                for member, old in before:
                    member.progress, member.before_id, member.made_id = old.progress, old.before_id, old.made_id

            return undo

        self._staged.append(write)

    def due(self, *, judged_from: int, failed_from: int, limit: int) -> Sequence[Looked]:
        """See the port."""
        with self._shelves.lock:
            found = []
            banned, failing = self._clusters.labelled(Mark.BANNED), self._clusters.failing()
            for cluster in sorted({*banned, *failing}):
                known, size = banned.get(cluster, []), len(self._clusters.numbers_of(cluster))
                looked = Looked(cluster, len(known), max(known, default=0), size, failing[cluster])
                kept = self._shelves.judged.get(cluster)
                judged = None if kept is None else kept[0]
                if looked.is_due_after(judged, judged_from=judged_from, failed_from=failed_from):
                    found.append(looked)
            return tuple(found[:limit])

    def judged(self, looked: Looked, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            before = self._shelves.judged.get(looked.cluster)
            self._shelves.judged[looked.cluster] = (looked, at)
            return lambda: _put_back(self._shelves.judged, {looked.cluster: before})

        self._staged.append(write)

    def judge_again(self, clusters: Collection[int], *, since: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.judged
            before = {each: kept.pop(each) for each in set(clusters) if each in kept and kept[each][1] > since}
            return lambda: _put_back(self._shelves.judged, before)

        self._staged.append(write)

    def _among(
        self,
        signup_nos: Collection[int],
        role: Role,
        states: set[ContainmentState],
        counts: Callable[[Containment], bool] = lambda _: True,
    ) -> frozenset[int]:
        wanted = frozenset(signup_nos)
        with self._shelves.lock:
            return frozenset(
                number
                for kept in self._shelves.containments.values()
                if kept.containment.state in states and counts(kept.containment)
                for number, member in kept.members.items()
                if number in wanted and member.touched.role is role
            )

    def _change(
        self, number: int, states: set[ContainmentState], changed: Callable[[Containment], Containment]
    ) -> None:
        def write() -> Undo:
            kept = self._shelves.containments[number]
            before = kept.containment
            if before.state not in states:
                raise ConflictError("The containment is no longer as it was; look at it again.")
            kept.containment = changed(before)

            def undo() -> None:
                kept.containment = before

            return undo

        self._staged.append(write)


def _put_back(judged: dict[int, _Judged], before: Mapping[int, _Judged | None]) -> None:
    for cluster, each in before.items():
        if each is None:
            del judged[cluster]
        else:
            judged[cluster] = each


_RELEASED = {
    Progress.WAITING: Progress.RESTORED,
    Progress.CHANGED: Progress.RESTORING,
    Progress.UNCHANGED: Progress.RESTORED,
    Progress.RESTORING: Progress.RESTORING,
    Progress.RESTORED: Progress.RESTORED,
}


def _restoring(members: Sequence[KeptMember]) -> Undo:
    """These are to be given back once more."""
    for each in members:
        each.progress = Progress.RESTORING

    def undo() -> None:
        for each in members:
            each.progress = Progress.RESTORED

    return undo
