"""The audit record in SQL: entries appended with the deed, sealed into the chain afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, func, insert, select, text, update

from service.storage.audit_chain import FIRST_PREVIOUS, ChainedEntry, Seal, detail_text, problem_of, seal_of
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.many_rows import insert_many
from service.storage.sql.staging import Stage
from service.storage.sql.tables import AuditEntryRow, AuditSealRow
from service.usecases.ports import AuditEntry, AuditHead, AuditVerdict

_SEALING = 0x6761_7465_7365_616C
"""PostgreSQL's advisory lock under which one sealer works at a time."""

# An id is given before its transaction commits, so a smaller one may still appear. Rows of transactions older
# than every running one are final; a visible row from the future came with a dump of another server.
_FINAL = text(
    "(transaction_id < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"
    " OR transaction_id >= (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint)"
)


def columns_of_entry(entry: AuditEntry) -> dict[str, Any]:
    """The columns of a new audit entry."""
    return {
        "at_us": microseconds_of(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": detail_text(entry.detail),
    }


class SqlAuditTrail:
    """See ``service.usecases.ports.AuditTrail``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, *entries: AuditEntry) -> None:
        """See the port."""
        if not entries:
            return
        columns = [columns_of_entry(each) for each in entries]

        def run(connection: Connection) -> None:
            insert_many(connection, AuditEntryRow, columns)

        self._stage.add(run)

    def seal(self, *, at: datetime, limit: int = 1_000) -> int:
        """See the port."""
        return self._database.transaction(lambda connection: _seal(connection, microseconds_of(at), limit))

    def verify(self, *, anchor: AuditHead | None = None) -> AuditVerdict:
        """See the port. Reads everything: run it outside requests."""
        return self._database.read(lambda connection: _verify(connection, anchor))

    def entries(
        self,
        *,
        subject: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        before: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[AuditEntry]:
        """See the port."""
        statement = select(AuditEntryRow.__table__).order_by(AuditEntryRow.id.desc()).limit(limit)
        if subject is not None:
            statement = statement.where(AuditEntryRow.subject == subject)
        if actor is not None:
            statement = statement.where(AuditEntryRow.actor == actor)
        if action is not None:
            statement = statement.where(AuditEntryRow.action.startswith(action, autoescape=True))
        if before is not None:
            statement = statement.where(AuditEntryRow.at_us < microseconds_of(before))
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(_entry_of_row(row) for row in rows)


def _seal(connection: Connection, sealed_us: int, limit: int) -> int:
    on_sqlite = connection.dialect.name == "sqlite"
    if not on_sqlite:
        connection.execute(select(func.pg_advisory_xact_lock(_SEALING)))
    statement = (
        select(AuditEntryRow.__table__).where(AuditEntryRow.seal_no.is_(None)).order_by(AuditEntryRow.id).limit(limit)
    )
    if not on_sqlite:
        statement = statement.where(_FINAL)
    entries = [_chained(row) for row in connection.execute(statement)]
    if not entries:
        return 0
    head = _head(connection)
    previous, number = (FIRST_PREVIOUS, 1) if head is None else (head.digest, head.seal_no + 1)
    seal = seal_of(entries, seal_no=number, previous=previous, sealed_us=sealed_us)
    connection.execute(insert(AuditSealRow), _columns_of_seal(seal))
    connection.execute(
        update(AuditEntryRow).where(AuditEntryRow.id.in_([entry.id for entry in entries])).values(seal_no=number)
    )
    return len(entries)


def _verify(connection: Connection, anchor: AuditHead | None) -> AuditVerdict:
    total, unsealed, highest = connection.execute(
        select(
            func.count(),
            func.count().filter(AuditEntryRow.seal_no.is_(None)),
            func.max(AuditEntryRow.seal_no),
        )
    ).one()
    problem = problem_of(_sealed(connection), anchor=anchor)
    head = _head(connection)
    if problem is None and (highest or 0) > (0 if head is None else head.seal_no):
        problem = f"entries name seal {highest}, which is missing: the chain was cut off"
    seals = connection.execute(select(func.count()).select_from(AuditSealRow)).scalar_one()
    return AuditVerdict(entries=total, seals=seals, unsealed=unsealed, head=head, problem=problem)


def _sealed(connection: Connection) -> Iterator[tuple[Seal, Sequence[ChainedEntry]]]:
    for row in connection.execute(select(AuditSealRow.__table__).order_by(AuditSealRow.seal_no)).all():
        entries = connection.execute(
            select(AuditEntryRow.__table__).where(AuditEntryRow.seal_no == row.seal_no).order_by(AuditEntryRow.id)
        )
        seal = Seal(
            seal_no=row.seal_no,
            sealed_us=row.sealed_us,
            first_id=row.first_id,
            last_id=row.last_id,
            entries=row.entries,
            previous=bytes(row.previous),
            digest=bytes(row.digest),
        )
        yield seal, [_chained(entry) for entry in entries]


def _head(connection: Connection) -> AuditHead | None:
    row = connection.execute(select(AuditSealRow.__table__).order_by(AuditSealRow.seal_no.desc()).limit(1)).first()
    return None if row is None else AuditHead(seal_no=row.seal_no, entries=row.entries, digest=bytes(row.digest))


def _columns_of_seal(seal: Seal) -> dict[str, Any]:
    return {
        "seal_no": seal.seal_no,
        "sealed_us": seal.sealed_us,
        "first_id": seal.first_id,
        "last_id": seal.last_id,
        "entries": seal.entries,
        "previous": seal.previous,
        "digest": seal.digest,
    }


def _chained(row: Any) -> ChainedEntry:
    return ChainedEntry(
        id=row.id, at_us=row.at_us, actor=row.actor, action=row.action, subject=row.subject, detail=row.detail
    )


def _entry_of_row(row: Any) -> AuditEntry:
    return AuditEntry(
        at=instant_of(row.at_us),
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=json.loads(row.detail),
    )
