"""The reviewers' queue in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from service.domain.case import Case, CaseState, settler
from service.domain.errors import ConflictError
from service.domain.verdict import Opinion, Verdict
from service.storage.instants import microseconds_of
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports import AuditEntry
from service.usecases.ports_cases import CaseOrder, CaseQuery, ClaimNext, ListedCase, Note, QueueCount


class MemoryCases:
    """See ``service.usecases.ports_cases.Cases``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, case: Case, opened: AuditEntry | None = None) -> None:
        """See the port."""
        self._staged.append(lambda: self._shelves.add_case(case, opened))

    def claim_next(self, claim: ClaimNext, audit: Callable[[Case], AuditEntry]) -> Case | None:
        """See the port."""
        with self._shelves.lock:
            free = [case for case in self._shelves.cases.values() if _claimable(case, claim)]
            ordered = sorted(free, key=lambda case: (case.reserved_for is not None, case.rank, self._number(case)))
            if not ordered:
                return None
            taken = ordered[-1].claimed(claim.name, now=claim.now, lease=claim.lease)
            self._shelves.cases[taken.id] = taken
            self._shelves.add_entry(audit(taken))
            return taken

    def get(self, owner: str | None, case_id: str) -> Case | None:
        """See the port."""
        with self._shelves.lock:
            case = self._shelves.cases.get(case_id)
            return case if case is not None and owner in (None, case.owner) else None

    def of_subject(self, owner: str | None, subject: str) -> Case | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.unresolved(owner, subject)

    def of_record(self, record_id: str) -> Sequence[Case]:
        """See the port."""
        with self._shelves.lock:
            found = [case for case in self._shelves.cases.values() if case.record_id == record_id]
            return tuple(reversed(found))

    def unresolved_about(self, record_ids: Collection[str]) -> Sequence[Case]:
        """See the port."""
        wanted = set(record_ids)
        with self._shelves.lock:
            cases = self._shelves.cases.values()
            return tuple(each for each in cases if each.record_id in wanted and each.state is not CaseState.RESOLVED)

    def settled_about(self, record_ids: Collection[str], containment_id: str) -> Sequence[Case]:
        """See the port."""
        wanted = set(record_ids)
        with self._shelves.lock:
            return tuple(
                each
                for each in self._shelves.cases.values()
                if each.settled_by == containment_id
                and each.record_id in wanted
                and self._shelves.unresolved(each.owner, each.subject) is None
            )

    def settle(self, cases: Sequence[Case]) -> None:
        """See the port."""
        for each in cases:
            self._staged.append(partial(self._moved, each, _is_unresolved))

    def hand_over(self, record_ids: Collection[str], containment_id: str, another_id: str) -> None:
        """See the port."""

        def write() -> Undo:
            wanted = set(record_ids)
            every = self._shelves.cases.values()
            cases = [each for each in every if each.record_id in wanted and each.settled_by == containment_id]
            for each in cases:
                self._shelves.cases[each.id] = replace(each, resolved_by=settler(another_id), version=each.version + 1)
            return lambda: self._shelves.cases.update({each.id: each for each in cases})

        self._staged.append(write)

    def unsettle(self, cases: Sequence[Case]) -> None:
        """See the port."""

        def still(now: Case) -> bool:
            return now.settled_by is not None and self._shelves.unresolved(now.owner, now.subject) is None

        for each in cases:
            self._staged.append(partial(self._moved, each, still))

    def update(self, case: Case) -> None:
        """See the port."""

        def write() -> Undo:
            before = self._shelves.cases[case.id]
            if before.version != case.version - 1:
                raise ConflictError("Somebody changed this case at the same moment; look at it again.")
            placed = replace(case, size=before.size, behind=before.behind, cluster=before.cluster)
            self._shelves.cases[case.id] = placed
            return lambda: self._shelves.cases.__setitem__(case.id, before)

        self._staged.append(write)

    def find(self, query: CaseQuery) -> Sequence[ListedCase]:
        """See the port."""
        with self._shelves.lock:
            listed = [
                ListedCase(case, (_place(case, query), self._number(case)))
                for case in self._shelves.cases.values()
                if _wanted(case, query)
            ]
        # The oldest first are in the order of their numbers when they came together, the others the other way round.
        sign = -1 if query.order is CaseOrder.AGE else 1

        def place(cursor: tuple[float, int]) -> tuple[float, int]:
            return cursor[0], sign * cursor[1]

        listed.sort(key=lambda each: place(each.cursor), reverse=True)
        after = None if query.after is None else place(query.after)
        return tuple(each for each in listed if after is None or place(each.cursor) < after)[: query.limit]

    def counts(self, owner: str | None, *, now: datetime) -> Sequence[QueueCount]:
        """See the port."""
        of_queue: dict[str, list[Case]] = defaultdict(list)
        with self._shelves.lock:
            for case in self._shelves.cases.values():
                if is_queued(case) and owner in (None, case.owner):
                    of_queue[case.queue].append(case)
        return tuple(_count(queue, of_queue[queue], now) for queue in sorted(of_queue))

    def lapsed(self, *, now: datetime, limit: int) -> Sequence[Case]:
        """See the port."""
        with self._shelves.lock:
            over = [
                case for case in self._shelves.cases.values() if case.lease_until is not None and case.lease_over(now)
            ]
        return tuple(sorted(over, key=lambda case: case.lease_until or now)[:limit])

    def too_quiet(self, *, now: datetime, limit: int) -> Sequence[Case]:
        """See the port."""
        with self._shelves.lock:
            quiet = [case for case in self._shelves.cases.values() if is_queued(case) and case.louder_at <= now]
        return tuple(sorted(quiet, key=lambda case: case.louder_at)[:limit])

    def add_opinion(self, case_id: str, opinion: Opinion) -> None:
        """See the port."""

        def write() -> Undo:
            given = self._shelves.opinions.setdefault(case_id, [])
            if any(each.version == opinion.version for each in given):
                raise ConflictError("Somebody concluded on this case at the same moment; look at it again.")
            given.append(opinion)
            return given.pop

        self._staged.append(write)

    def undo_opinion(self, case_id: str, version: int, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            given = self._shelves.opinions[case_id]
            before = list(given)
            given[:] = [replace(each, undone=at) if each.version == version else each for each in given]
            return lambda: given.__setitem__(slice(None), before)

        self._staged.append(write)

    def opinions(self, case_id: str) -> Sequence[Opinion]:
        """See the port."""
        with self._shelves.lock:
            return tuple(self._shelves.opinions.get(case_id, ()))

    def pairs(self, *, since: datetime) -> Sequence[tuple[Verdict, Verdict]]:
        """See the port."""
        with self._shelves.lock:
            return tuple(
                (first.verdict, second.verdict)
                for first, second, *_ in (given for given in self._shelves.opinions.values() if len(given) > 1)
                if not first.final and first.by != second.by and second.at >= since
            )

    def add_note(self, case_id: str, note: Note) -> None:
        """See the port."""

        def write() -> Undo:
            notes = self._shelves.notes.setdefault(case_id, [])
            notes.append(note)
            return notes.pop

        self._staged.append(write)

    def notes(self, case_id: str) -> Sequence[Note]:
        """See the port."""
        with self._shelves.lock:
            return tuple(self._shelves.notes.get(case_id, ()))

    def waited(self, *, since: datetime) -> Mapping[str, Sequence[float]]:
        """See the port."""
        waited: dict[str, list[float]] = defaultdict(list)
        with self._shelves.lock:
            for case in self._shelves.cases.values():
                if case.resolved_at is not None and case.resolved_at >= since and not case.judged_by_nobody:
                    waited[case.queue].append((case.resolved_at - case.opened_at).total_seconds())
        return waited

    def _moved(self, case: Case, still: Callable[[Case], bool]) -> Undo:
        """The case as it shall be, on top of what others did to it meanwhile."""
        before = self._shelves.cases[case.id]
        if not still(before):
            raise ConflictError("Somebody changed a case at the same moment; look at it again.")
        self._shelves.cases[case.id] = replace(
            case, version=before.version + 1, size=before.size, behind=before.behind, cluster=before.cluster
        )
        return lambda: self._shelves.cases.__setitem__(case.id, before)

    def _number(self, case: Case) -> int:
        return self._shelves.case_numbers[case.id]


def is_queued(case: Case) -> bool:
    """Whether it is unresolved and stands behind no other."""
    return _is_unresolved(case) and case.behind is None


def _is_unresolved(case: Case) -> bool:
    return case.state is not CaseState.RESOLVED


def _claimable(case: Case, claim: ClaimNext) -> bool:
    return (
        (is_queued(case) or (_is_unresolved(case) and case.reserved_for == claim.name))
        and (case.state is CaseState.OPEN or case.lease_over(claim.now))
        and (case.snoozed_until is None or case.snoozed_until <= claim.now)
        and case.reserved_for in (None, claim.name)
        and claim.name not in case.barred
        and claim.owner in (None, case.owner)
        and (not claim.queues or case.queue in claim.queues)
    )


def _place(case: Case, query: CaseQuery) -> float:
    if query.order is CaseOrder.PRIORITY and query.states == (CaseState.RESOLVED,):
        return 0.0 if case.resolved_at is None else microseconds_of(case.resolved_at)
    return {
        CaseOrder.PRIORITY: case.rank,
        CaseOrder.RISK: case.risk,
        CaseOrder.AGE: -microseconds_of(case.opened_at),
        CaseOrder.SIZE: case.size,
    }[query.order]


def _wanted(case: Case, query: CaseQuery) -> bool:
    snoozed = case.snoozed_until is not None and case.snoozed_until > query.now
    named = query.behind is not None
    open_now = case.state is CaseState.OPEN or (case.state is CaseState.CLAIMED and case.lease_over(query.now))
    return (
        query.owner in (None, case.owner)
        and case.state in query.states
        and (not query.queues or case.queue in query.queues)
        and query.kind in (None, case.kind)
        and query.account_type in (None, case.account_type)
        and (query.reason_code is None or query.reason_code in case.reasons)
        and (query.risk_from is None or case.risk >= query.risk_from)
        and (query.risk_below is None or case.risk < query.risk_below)
        and (query.size_from is None or case.size >= query.size_from)
        and (query.holder is None or query.holder in (case.holder, case.reserved_for))
        and (not query.unclaimed or open_now)
        and (not query.overdue or case.due_at <= query.now)
        and (query.record_ids is None or case.record_id in query.record_ids)
        and (case.behind is None or query.names_cases or CaseState.RESOLVED in query.states)
        and (query.behind is None or case.behind == query.behind)
        and (snoozed if query.snoozed else (not snoozed or named or CaseState.RESOLVED in query.states))
    )


def _count(queue: str, cases: Sequence[Case], now: datetime) -> QueueCount:
    held = [case for case in cases if case.state is CaseState.CLAIMED and not case.lease_over(now)]
    waiting = [case for case in cases if case not in held]
    return QueueCount(
        queue=queue,
        waiting=len(waiting),
        overdue=sum(case.overdue(now) for case in waiting),
        claimed=len(held),
        oldest_at=min(case.opened_at for case in cases),
    )
