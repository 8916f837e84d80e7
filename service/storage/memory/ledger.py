"""The ledger in memory: recorded sign-ups, their assessments, and the linkage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from datetime import datetime

from models.linkage.history import Link
from models.linkage.identifier import Identifier
from models.linkage.velocity import NO_HISTORY, Linkage
from service.domain.decision import Assessment
from service.domain.errors import NotFoundError, TakenError
from service.domain.event import Event, before_these
from service.storage.memory import probations
from service.storage.memory.idempotency import MemoryIdempotencyKeys
from service.storage.memory.shelves import Kept, Shelves, Undo, Write
from service.usecases.ports import AlreadyRecordedError, AuditEntry, Look, NewRecord, Recorded
from service.usecases.ports_idempotency import StoredAnswer
from service.usecases.ports_search import Found, SearchQuery

_CREATED = 201
"""The status that a recorded sign-up was first answered with."""


class MemoryLedger:
    """See ``service.usecases.ports.Ledger``."""

    def __init__(
        self, shelves: Shelves, staged: list[Write], after: list[Write], idempotency: MemoryIdempotencyKeys
    ) -> None:
        self._shelves = shelves
        self._staged = staged
        self._after = after
        self._idempotency = idempotency

    def look(
        self,
        owner: str,
        signup_id: str,
        identifiers: Sequence[Identifier],
        *,
        now: datetime,
    ) -> Look:
        """See the port."""
        with self._shelves.lock:
            number = self._shelves.by_signup_id.get((owner, signup_id))
            if number is None:
                return Look(answer=None, linkage=self._shelves.history.linkage_of(identifiers, now=now))
            record = self._shelves.signups[number].record
        answer = StoredAnswer(status=_CREATED, body=record.answer, fingerprint=record.fingerprint)
        return Look(answer=answer, linkage=NO_HISTORY)

    def append(self, record: NewRecord) -> None:
        """See the port."""
        self._staged.append(lambda: self._write(record))

    def append_assessment(
        self,
        signup_no: int,
        assessment: Assessment,
        audit: AuditEntry,
        events: Sequence[Event] = (),
        *,
        after: str | None = None,
    ) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.signups.get(signup_no)
            if kept is None:
                raise RuntimeError(f"bug: an assessment of sign-up number {signup_no}, which is not recorded")
            last = _latest(kept)
            if after is not None and (last is None or last.id != after):
                raise TakenError("Somebody else decided on a sign-up at the same moment; look at it again.")
            kept.assessments.append(assessment)
            undo_probation = probations.follow(self._shelves, signup_no, assessment)

            def undo() -> None:
                undo_probation()
                kept.assessments.remove(assessment)

            return undo

        self._staged.append(write)
        self._staged.append(lambda: self._shelves.add_entry(audit))
        self._staged.append(lambda: self._shelves.hasten_events(before_these(events)))
        self._staged.append(lambda: self._shelves.add_events(events))

    def get(self, owner: str | None, record_id: str) -> Recorded | None:
        """See the port."""
        with self._shelves.lock:
            number = self._shelves.by_id.get(record_id)
            if number is None or owner not in (None, self._shelves.signups[number].record.owner):
                return None
            return self._shelves.signups[number].recorded()

    def many(self, owner: str | None, record_ids: Sequence[str]) -> Sequence[Recorded]:
        """See the port."""
        found = (self.get(owner, record_id) for record_id in record_ids)
        return tuple(each for each in found if each is not None)

    def several(self, signup_nos: Sequence[int]) -> Sequence[Recorded]:
        """See the port."""
        with self._shelves.lock:
            found = (self._shelves.signups.get(number) for number in signup_nos)
            return tuple(kept.recorded() for kept in found if kept is not None)

    def refused_among(self, signup_nos: Collection[int]) -> Set[int]:
        """See the port."""
        with self._shelves.lock:
            found = (self._shelves.signups.get(number) for number in signup_nos)
            return {kept.signup_no for kept in found if kept is not None and kept.is_refused}

    def linkage_again(self, recorded: Recorded, identifiers: Sequence[Identifier], *, now: datetime) -> Linkage:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.history.linkage_of(identifiers, now=now, excluding=recorded.signup_no)

    def search(self, owner: str | None, query: SearchQuery) -> Sequence[Found]:
        """See the port."""
        with self._shelves.lock:
            newest_first = sorted(self._shelves.signups.values(), key=lambda kept: -kept.signup_no)
            found = [kept for kept in newest_first if _wanted(kept, owner, query)]
            return tuple(_found(kept) for kept in found[: query.limit])

    def stream(self, *, after_no: int = 0) -> Iterable[Recorded]:
        """See the port."""

        def place(kept: Kept) -> tuple[datetime, int]:
            return kept.record.recorded_at, kept.signup_no

        with self._shelves.lock:
            ordered = sorted(self._shelves.signups.values(), key=place)
            if not after_no:
                return tuple(kept.recorded() for kept in ordered)
            after = self._shelves.signups.get(after_no)
            if after is None:
                raise NotFoundError(f"There is no sign-up number {after_no} to go on after.")
            return tuple(kept.recorded() for kept in ordered if place(kept) > place(after))

    def _write(self, record: NewRecord) -> Undo:
        shelves = self._shelves
        place = (record.owner, record.signup.signup_id)
        if place in shelves.by_signup_id or record.id in shelves.by_id:
            raise AlreadyRecordedError("the sign-up is recorded already")
        undo_answer = None
        if record.claim is not None:
            undo_answer = self._idempotency.write_answer(
                record.claim, status=_CREATED, body=record.answer, at=record.recorded_at
            )
        number = len(shelves.signups) + 1
        assessments = [] if record.assessment is None else [record.assessment]
        shelves.signups[number] = Kept(record, number, assessments)
        shelves.by_signup_id[place] = shelves.by_id[record.id] = number
        undo_entry = shelves.add_entry(record.audit)
        undo_events = shelves.add_events(record.events)
        if record.assessment is not None:
            probations.follow(shelves, number, record.assessment)
        undo_step_up = None if record.step_up is None else shelves.add_step_up(record.step_up)
        undo_case = None if record.case is None else shelves.add_case(record.case)
        # The history cannot forget: it is told when nothing can fail any more.
        self._after.append(lambda: self._remember(record, number))

        def undo() -> None:
            shelves.probations.pop(number, None)
            if undo_step_up is not None:
                undo_step_up()
            if undo_case is not None:
                undo_case()
            undo_events()
            undo_entry()
            del shelves.signups[number], shelves.by_signup_id[place], shelves.by_id[record.id]
            if undo_answer is not None:
                undo_answer()

        return undo

    def _remember(self, record: NewRecord, number: int) -> Undo:
        first_of_each = {(each.kind, each.value): each for each in reversed(record.identifiers)}
        self._shelves.history.record(
            Link(
                signup_no=number,
                recorded_at=record.recorded_at,
                occurred_at=record.signup.occurred_at,
                account_type=record.signup.account_type,
                identifiers=tuple(first_of_each.values()),
            )
        )
        return lambda: None


def _latest(kept: Kept) -> Assessment | None:
    return max(kept.assessments, key=lambda each: (each.decided_at, each.id), default=None)


def _wanted(kept: Kept, owner: str | None, query: SearchQuery) -> bool:
    record, latest = kept.record, _latest(kept)
    carried = {(each.kind, each.value) for each in record.identifiers}
    return (
        owner in (None, record.owner)
        and all(identifier in carried for identifier in query.identifiers)
        and query.signup_id in (None, record.signup.signup_id)
        and (query.id_ends_in is None or record.id.endswith(query.id_ends_in))
        and query.account_type in (None, record.signup.account_type)
        and query.decision in (None, None if latest is None else latest.decision)
        and (query.recorded_from is None or record.recorded_at >= query.recorded_from)
        and (query.recorded_before is None or record.recorded_at < query.recorded_before)
        and (query.before_no is None or kept.signup_no < query.before_no)
    )


def _found(kept: Kept) -> Found:
    latest = _latest(kept)
    return Found(
        id=kept.record.id,
        signup_no=kept.signup_no,
        signup_id=kept.record.signup.signup_id,
        account_type=kept.record.signup.account_type,
        recorded_at=kept.record.recorded_at,
        occurred_at=kept.record.signup.occurred_at,
        decision=None if latest is None else latest.decision,
        score=None if latest is None else latest.score,
    )
