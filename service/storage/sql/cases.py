"""The reviewers' queue in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, and_, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.domain.case import BY_NOBODY, Case, CaseState
from service.domain.errors import ConflictError
from service.domain.verdict import Opinion, Verdict
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.audit import columns_of_entry
from service.storage.sql.case_conditions import QUEUED_CASE, UNRESOLVED_CASE, of_owner
from service.storage.sql.case_rows import (
    case_of_row,
    columns_of_case,
    columns_of_change,
    columns_of_opinion,
    opinion_of_row,
)
from service.storage.sql.case_tables import CaseNoteRow, CaseOpinionRow, CaseRow
from service.storage.sql.database import Database
from service.storage.sql.listed_cases import page_of
from service.storage.sql.next_case import claim_statement
from service.storage.sql.settled_cases import handing_over, settled_about, settling, unresolved_about, unsettling
from service.storage.sql.staging import Stage
from service.storage.sql.tables import AuditEntryRow
from service.usecases.ports import AuditEntry
from service.usecases.ports_cases import CaseQuery, ClaimNext, ListedCase, Note, QueueCount


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
                row = connection.execute(claim_statement(claim, reserved=reserved)).first()
                if row is not None:
                    case = case_of_row(row)
                    connection.execute(insert(AuditEntryRow), columns_of_entry(audit(case)))
                    return case
            return None

        return self._database.transaction(run)

    def get(self, owner: str | None, case_id: str) -> Case | None:
        """See the port."""
        return self._one(*of_owner(owner), CaseRow.id == case_id)

    def of_subject(self, owner: str | None, subject: str) -> Case | None:
        """See the port."""
        return self._one(UNRESOLVED_CASE, *of_owner(owner), CaseRow.subject == subject)

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
        places = {row[0]: row[1] for row in page_of(self._database, query)}
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
            .where(*QUEUED_CASE, *of_owner(owner))
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
            .where(*QUEUED_CASE, CaseRow.louder_us <= microseconds_of(now))
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
