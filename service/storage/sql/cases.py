"""The reviewers' queue in SQL."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, and_, func, insert, literal, or_, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from service.domain.case import BY_NOBODY, Case, CaseState
from service.domain.errors import ConflictError
from service.domain.verdict import Opinion, Verdict
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.audit import columns_of_entry
from service.storage.sql.case_rows import (
    case_of_row,
    columns_of_case,
    columns_of_change,
    columns_of_opinion,
    opinion_of_row,
)
from service.storage.sql.case_tables import UNRESOLVED, CaseNoteRow, CaseOpinionRow, CaseRow
from service.storage.sql.database import Database
from service.storage.sql.records import ACCOUNT_TYPE_CODES
from service.storage.sql.settled_cases import handing_over, settled_about, settling, unresolved_about, unsettling
from service.storage.sql.staging import Stage
from service.storage.sql.tables import AuditEntryRow
from service.usecases.ports import AuditEntry
from service.usecases.ports_cases import CaseOrder, CaseQuery, ClaimNext, ListedCase, Note, QueueCount

_ORDER: Mapping[CaseOrder, Any] = {
    CaseOrder.PRIORITY: CaseRow.rank,
    CaseOrder.RISK: CaseRow.risk,
    CaseOrder.AGE: -CaseRow.opened_us,
    CaseOrder.SIZE: CaseRow.size,
}
FEW = 2_000
"""Cases that are sorted here: where more pass the filters, fifty of them are soon met in any order."""

# Written out, not as a parameter: only then do the planners recognise the partial indexes.
_UNRESOLVED = text(UNRESOLVED)
_QUEUED = (_UNRESOLVED, CaseRow.behind.is_(None))


class SqlCases:
    """See ``service.usecases.ports_cases.Cases``."""

    def __init__(self, database: Database, stage: Stage, *, encryption: Encryption) -> None:
        self._database = database
        self._stage = stage
        self._encryption = encryption

    def add(self, case: Case, opened: AuditEntry | None = None) -> None:
        """See the port."""
        columns = columns_of_case(case)

        def run(connection: Connection) -> None:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            adding = dialect.insert(CaseRow).values(columns).on_conflict_do_nothing().returning(CaseRow.case_no)
            if connection.execute(adding).first() is not None and opened is not None:
                connection.execute(insert(AuditEntryRow), columns_of_entry(opened))

        self._stage.add(run)

    def claim_next(self, claim: ClaimNext, audit: Callable[[Case], AuditEntry]) -> Case | None:
        """See the port."""

        def run(connection: Connection) -> Case | None:
            for reserved in (True, False):
                row = connection.execute(_claim_statement(claim, reserved=reserved)).first()
                if row is not None:
                    case = case_of_row(row)
                    connection.execute(insert(AuditEntryRow), columns_of_entry(audit(case)))
                    return case
            return None

        return self._database.transaction(run)

    def get(self, owner: str | None, case_id: str) -> Case | None:
        """See the port."""
        return self._one(*_of_owner(owner), CaseRow.id == case_id)

    def of_subject(self, owner: str | None, subject: str) -> Case | None:
        """See the port."""
        return self._one(_UNRESOLVED, *_of_owner(owner), CaseRow.subject == subject)

    def of_record(self, record_id: str) -> Sequence[Case]:
        """See the port."""
        wanted = select(CaseRow.__table__).where(CaseRow.record_id == record_id).order_by(CaseRow.case_no.desc())
        return self._cases(wanted)

    def unresolved_about(self, record_ids: Collection[str]) -> Sequence[Case]:
        """See the port."""
        return self._about(unresolved_about, record_ids)

    def settled_about(self, record_ids: Collection[str], containment_id: str) -> Sequence[Case]:
        """See the port."""
        return self._about(partial(settled_about, containment_id=containment_id), record_ids)

    def settle(self, cases: Sequence[Case]) -> None:
        """See the port."""
        if cases:
            self._stage.add(settling(cases))

    def hand_over(self, record_ids: Collection[str], containment_id: str, another_id: str) -> None:
        """See the port."""
        self._stage.add(handing_over(record_ids, containment_id, another_id))

    def unsettle(self, cases: Sequence[Case]) -> None:
        """See the port."""
        if cases:
            self._stage.add(unsettling(cases))

    def update(self, case: Case) -> None:
        """See the port."""
        statement = (
            update(CaseRow)
            .where(CaseRow.id == case.id, CaseRow.version == case.version - 1)
            .values(columns_of_change(case))
        )

        def run(connection: Connection) -> None:
            if connection.execute(statement).rowcount != 1:
                raise ConflictError("Somebody changed this case at the same moment; look at it again.")

        self._stage.add(run)

    def find(self, query: CaseQuery) -> Sequence[ListedCase]:
        """See the port."""
        picked = self._few(query) if query.order is not CaseOrder.PRIORITY and _is_filtered(query) else None
        if picked is None:
            picked = self._rows(_in_order(query))
        places = {row[0]: row[1] for row in picked}
        rows = self._rows(select(CaseRow.__table__).where(CaseRow.case_no.in_(places)))
        by_number = {row.case_no: row for row in rows}
        return tuple(
            ListedCase(case_of_row(by_number[number]), (place, number))
            for number, place in places.items()
            if number in by_number
        )

    def counts(self, owner: str | None, *, now: datetime) -> Sequence[QueueCount]:
        """See the port."""
        at = microseconds_of(now)
        held = and_(CaseRow.state == CaseState.CLAIMED.value, CaseRow.lease_us > at)
        wanted = (
            select(
                CaseRow.queue,
                func.count().filter(~held).label("waiting"),
                func.count().filter(~held, CaseRow.due_us <= at).label("overdue"),
                func.count().filter(held).label("claimed"),
                func.min(CaseRow.opened_us).label("oldest_us"),
            )
            .where(*_QUEUED, *_of_owner(owner))
            .group_by(CaseRow.queue)
            .order_by(CaseRow.queue)
        )
        rows = self._database.read(lambda connection: connection.execute(wanted).all())
        return tuple(
            QueueCount(row.queue, row.waiting, row.overdue, row.claimed, optional_instant_of(row.oldest_us))
            for row in rows
        )

    def lapsed(self, *, now: datetime, limit: int) -> Sequence[Case]:
        """See the port."""
        wanted = (
            select(CaseRow.__table__)
            .where(CaseRow.lease_us.is_not(None), CaseRow.lease_us <= microseconds_of(now))
            .order_by(CaseRow.lease_us)
            .limit(limit)
        )
        return self._cases(wanted)

    def too_quiet(self, *, now: datetime, limit: int) -> Sequence[Case]:
        """See the port."""
        wanted = (
            select(CaseRow.__table__)
            .where(*_QUEUED, CaseRow.louder_us <= microseconds_of(now))
            .order_by(CaseRow.louder_us)
            .limit(limit)
        )
        return self._cases(wanted)

    def add_opinion(self, case_id: str, opinion: Opinion) -> None:
        """See the port."""
        columns = columns_of_opinion(case_id, opinion)
        self._stage.add(lambda connection: _execute(connection, insert(CaseOpinionRow), columns))

    def undo_opinion(self, case_id: str, version: int, *, at: datetime) -> None:
        """See the port."""
        statement = (
            update(CaseOpinionRow)
            .where(CaseOpinionRow.case_id == case_id, CaseOpinionRow.version == version)
            .values(undone_us=microseconds_of(at))
        )
        self._stage.add(lambda connection: _execute(connection, statement))

    def opinions(self, case_id: str) -> Sequence[Opinion]:
        """See the port."""
        wanted = (
            select(CaseOpinionRow.__table__).where(CaseOpinionRow.case_id == case_id).order_by(CaseOpinionRow.version)
        )
        rows = self._database.read(lambda connection: connection.execute(wanted).all())
        return tuple(opinion_of_row(row) for row in rows)

    def pairs(self, *, since: datetime) -> Sequence[tuple[Verdict, Verdict]]:
        """See the port."""
        first, second = CaseOpinionRow.__table__.alias("first"), CaseOpinionRow.__table__.alias("second")
        wanted = (
            select(first.c.verdict, second.c.verdict)
            .join(second, and_(second.c.case_id == first.c.case_id, second.c.version == 2))
            .where(first.c.version == 1, first.c.by != second.c.by, second.c.at_us >= microseconds_of(since))
            .where(~first.c.final)
        )
        rows = self._database.read(lambda connection: connection.execute(wanted).all())
        return tuple((Verdict(one), Verdict(other)) for one, other in rows)

    def add_note(self, case_id: str, note: Note) -> None:
        """See the port."""
        columns: dict[str, Any] = {
            "case_id": case_id,
            "at_us": microseconds_of(note.at),
            "by": note.by,
            "personal": self._encryption.encrypt(note.text.encode(), record_id=case_id),
            "encryption_version": self._encryption.version,
        }
        # Of two who open the same case at once one comes too late, and so does what is noted on theirs.
        values = [literal(value, CaseNoteRow.__table__.c[name].type) for name, value in columns.items()]
        noted = insert(CaseNoteRow).from_select([*columns], select(*values).where(CaseRow.id == case_id))

        def run(connection: Connection) -> None:
            connection.execute(noted)

        self._stage.add(run)

    def notes(self, case_id: str) -> Sequence[Note]:
        """See the port."""
        wanted = select(CaseNoteRow.__table__).where(CaseNoteRow.case_id == case_id).order_by(CaseNoteRow.note_no)
        rows = self._database.read(lambda connection: connection.execute(wanted).all())
        return tuple(
            Note(
                at=instant_of(row.at_us),
                by=row.by,
                text=self._encryption.decrypt(bytes(row.personal), record_id=case_id).decode(),
            )
            for row in rows
        )

    def waited(self, *, since: datetime) -> Mapping[str, Sequence[float]]:
        """See the port."""
        wanted = select(CaseRow.queue, CaseRow.opened_us, CaseRow.resolved_us).where(
            CaseRow.resolved_us.is_not(None),
            CaseRow.resolved_us >= microseconds_of(since),
            *(~CaseRow.resolved_by.startswith(nobody) for nobody in BY_NOBODY),
        )
        waited: dict[str, list[float]] = defaultdict(list)
        for row in self._database.read(lambda connection: connection.execute(wanted).all()):
            waited[row.queue].append(((row.resolved_us or 0) - row.opened_us) / 1e6)
        return waited

    def _few(self, query: CaseQuery) -> Sequence[tuple[int, float]] | None:
        """The page, where few cases pass the filters; ``None`` where many do.

        Walking the index of another order for the few that pass would look every case up. They are read from the
        index that holds all that is filtered by, and put in order here.
        """
        wanted = select(CaseRow.case_no, _ORDER[query.order]).where(*_conditions(query))
        found = self._rows(wanted.order_by(CaseRow.rank.desc(), CaseRow.case_no.desc()).limit(FEW))
        if len(found) == FEW:
            return None
        sign = -1 if query.order is CaseOrder.AGE else 1

        def place(row: tuple[float, int]) -> tuple[float, int]:
            return row[0], sign * row[1]

        pairs = sorted(((row[1], row[0]) for row in found), key=place, reverse=True)
        after = None if query.after is None else place(query.after)
        left = [(number, at) for at, number in pairs if after is None or place((at, number)) < after]
        return left[: query.limit]

    def _rows(self, statement: Any) -> Sequence[Any]:
        return self._database.read(lambda connection: connection.execute(statement).all())

    def _one(self, *conditions: Any) -> Case | None:
        return next(iter(self._cases(select(CaseRow.__table__).where(*conditions))), None)

    def _about(
        self, wanted: Callable[[Connection, Collection[str]], Any], record_ids: Collection[str]
    ) -> tuple[Case, ...]:
        if not record_ids:
            return ()
        rows = self._database.read(lambda connection: connection.execute(wanted(connection, record_ids)).all())
        return tuple(case_of_row(row) for row in rows)

    def _cases(self, wanted: Any) -> tuple[Case, ...]:
        rows = self._database.read(lambda connection: connection.execute(wanted).all())
        return tuple(case_of_row(row) for row in rows)


def _execute(connection: Connection, statement: Any, columns: Mapping[str, object] | None = None) -> None:
    connection.execute(statement, columns)


def _of_owner(owner: str | None) -> Iterator[Any]:
    if owner is not None:
        yield CaseRow.owner == owner


def _free(now_us: int) -> Any:
    """Nobody holds it, it is nobody's in particular, and it is not put off."""
    return and_(
        or_(CaseRow.state == CaseState.OPEN.value, CaseRow.lease_us <= now_us),
        or_(CaseRow.snoozed_us.is_(None), CaseRow.snoozed_us <= now_us),
    )


def _claim_statement(claim: ClaimNext, *, reserved: bool) -> Any:
    """One statement picks and takes; on PostgreSQL those who come at once step over each other's rows."""
    at = microseconds_of(claim.now)
    picked = (
        select(CaseRow.case_no)
        .where(
            # What somebody was given by name is theirs, wherever it stands.
            *((_UNRESOLVED, CaseRow.reserved_for == claim.name) if reserved else _QUEUED),
            *(() if reserved else (CaseRow.reserved_for.is_(None),)),
            _free(at),
            or_(CaseRow.barred.is_(None), ~CaseRow.barred.contains(f" {claim.name} ", autoescape=True)),
            *_of_owner(claim.owner),
        )
        .order_by(CaseRow.rank.desc(), CaseRow.case_no.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if claim.queues:
        picked = picked.where(CaseRow.queue.in_(sorted(claim.queues)))
    return (
        update(CaseRow)
        .where(CaseRow.case_no == picked.scalar_subquery())
        .values(
            state=CaseState.CLAIMED.value,
            holder=claim.name,
            lease_us=microseconds_of(claim.now + claim.lease),
            reserved_for=None,
            snoozed_us=None,
            version=CaseRow.version + 1,
        )
        .returning(CaseRow.__table__)
    )


def _in_order(query: CaseQuery) -> Any:
    """The numbers and places of one page, from an index alone. Any: selects of SQLAlchemy's Core are untyped."""
    resolved = query.states == (CaseState.RESOLVED,)
    order = CaseRow.resolved_us if resolved and query.order is CaseOrder.PRIORITY else _ORDER[query.order]
    wanted: Any = select(CaseRow.case_no, order.label("place")).where(*_conditions(query))
    if resolved:
        wanted = wanted.where(CaseRow.resolved_us.is_not(None))  # written out, for the index of verdicts
    if query.order is CaseOrder.AGE:
        # By the column itself, which has an index, and not by its negative, which has none.
        if query.after is not None:
            seen = tuple_(literal(round(-query.after[0])), literal(query.after[1]))
            wanted = wanted.where(tuple_(CaseRow.opened_us, CaseRow.case_no) > seen)
        return wanted.order_by(CaseRow.opened_us, CaseRow.case_no).limit(query.limit)
    if query.after is not None:
        seen = tuple_(literal(query.after[0]), literal(query.after[1]))
        wanted = wanted.where(tuple_(order, CaseRow.case_no) < seen)
    return wanted.order_by(order.desc(), CaseRow.case_no.desc()).limit(query.limit)


def _is_filtered(query: CaseQuery) -> bool:
    given = (query.queues, query.kind, query.account_type, query.reason_code, query.holder, query.unclaimed)
    bounds = (query.risk_from, query.risk_below, query.size_from)
    return any(given) or any(each is not None for each in bounds) or query.overdue or query.snoozed


def _conditions(query: CaseQuery) -> Iterator[Any]:  # noqa: C901, PLR0912 - one line a filter
    """What must hold of a case. Any: SQLAlchemy's conditions have many types."""
    at = microseconds_of(query.now)
    yield from _of_owner(query.owner)
    if CaseState.RESOLVED not in query.states:
        yield _UNRESOLVED
        if not query.names_cases:
            yield CaseRow.behind.is_(None)
    if query.behind is not None:
        yield CaseRow.behind == query.behind
    if len(query.states) == 1 or CaseState.RESOLVED in query.states:
        yield CaseRow.state.in_([state.value for state in query.states])
    if query.queues:
        yield CaseRow.queue.in_(sorted(query.queues))
    if query.kind is not None:
        yield CaseRow.kind == query.kind.value
    if query.account_type is not None:
        yield CaseRow.account_type == ACCOUNT_TYPE_CODES[query.account_type]
    if query.reason_code is not None:
        yield CaseRow.reasons.contains(json.dumps(query.reason_code), autoescape=True)
    if query.risk_from is not None:
        yield CaseRow.risk >= query.risk_from
    if query.risk_below is not None:
        yield CaseRow.risk < query.risk_below
    if query.size_from is not None:
        yield CaseRow.size >= query.size_from
    if query.holder is not None:
        yield or_(CaseRow.holder == query.holder, CaseRow.reserved_for == query.holder)
    if query.unclaimed:
        yield or_(CaseRow.state == CaseState.OPEN.value, CaseRow.lease_us <= at)
    if query.overdue:
        yield CaseRow.due_us <= at
    if query.record_ids is not None:
        yield CaseRow.record_id.in_(query.record_ids)
    if query.snoozed:
        yield CaseRow.snoozed_us > at
    elif CaseState.RESOLVED not in query.states and query.behind is None:
        yield or_(CaseRow.snoozed_us.is_(None), CaseRow.snoozed_us <= at)
