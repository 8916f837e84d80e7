"""The block, allow and exempt lists in SQL: digests to look up, encrypted values to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any  # Any: rows and statements of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, func, insert, or_, select, text, update

from models.linkage.identifier import IdentifierKind
from service.domain.errors import NotFoundError
from service.domain.standing import ListName
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.database import Database
from service.storage.sql.list_tables import ListEntryRow, ListRevisionRow
from service.storage.sql.records import KIND_CODES
from service.storage.sql.staging import Stage
from service.usecases.ports_clusters import IdentifierKey
from service.usecases.ports_lists import ListChange, ListEntry

_KINDS = {code: kind for kind, code in KIND_CODES.items()}
_NEXT_REVISION = text(
    "INSERT INTO list_revisions (id, revision) VALUES (1, 1) "
    "ON CONFLICT (id) DO UPDATE SET revision = list_revisions.revision + 1 RETURNING revision"
)
"""Whoever changes a list holds this row until commit, so that a revision once seen misses nothing."""


class SqlListEntries:
    """See ``service.usecases.ports_lists.ListEntries``."""

    def __init__(self, database: Database, stage: Stage, *, encryption: Encryption, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._stage = stage
        self._encryption = encryption
        self._pseudonyms = pseudonyms

    def add(self, *entries: ListEntry) -> None:
        """See the port."""
        columns = [self._columns(entry) for entry in entries]

        def run(connection: Connection) -> None:
            revision = connection.execute(_NEXT_REVISION).scalar_one()
            connection.execute(insert(ListEntryRow), [{**each, "added": revision} for each in columns])

        if columns:
            self._stage.add(run)

    def remove(self, list_name: ListName, entry_id: str, *, at: datetime, by: str) -> bool:
        """See the port."""
        standing = (
            ListEntryRow.id == entry_id,
            ListEntryRow.list == list_name.value,
            ListEntryRow.removed.is_(None),
        )
        if not self._rows(select(ListEntryRow.id).where(*standing)):
            return False

        def run(connection: Connection) -> None:
            revision = connection.execute(_NEXT_REVISION).scalar_one()
            columns = {"removed": revision, "removed_us": microseconds_of(at), "removed_by": by}
            if connection.execute(update(ListEntryRow).where(*standing).values(columns)).rowcount == 0:
                raise NotFoundError("Somebody else removed this entry.")

        self._stage.add(run)
        return True

    def listed(self, list_name: ListName, values: Sequence[tuple[IdentifierKind, str]]) -> Sequence[ListEntry]:
        """See the port."""
        digests = [digest for kind, value in values for digest in self._pseudonyms.digests(kind, value)]
        statement = select(ListEntryRow.__table__).where(
            ListEntryRow.list == list_name.value, ListEntryRow.digest.in_(digests), ListEntryRow.removed.is_(None)
        )
        return tuple(self._entries(self._rows(statement)))

    def of_identifier(self, list_name: ListName, key: IdentifierKey) -> Sequence[ListEntry]:
        """See the port. What an older key digested is not found, as its digest is another one."""
        statement = select(ListEntryRow.__table__).where(
            ListEntryRow.list == list_name.value, ListEntryRow.digest == key.digest, ListEntryRow.removed.is_(None)
        )
        return tuple(self._entries(self._rows(statement)))

    def page(self, list_name: ListName, *, before: str | None = None, limit: int = 100) -> Sequence[ListEntry]:
        """See the port."""
        statement = (
            select(ListEntryRow.__table__)
            .where(ListEntryRow.list == list_name.value, ListEntryRow.removed.is_(None))
            .order_by(ListEntryRow.id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(ListEntryRow.id < before)
        return tuple(self._entries(self._rows(statement)))

    def count(self) -> int:
        """See the port."""
        (row,) = self._rows(select(func.count()).select_from(ListEntryRow).where(ListEntryRow.removed.is_(None)))
        return int(row[0])

    def revision(self) -> int:
        """See the port."""
        return next((row.revision for row in self._rows(select(ListRevisionRow.revision))), 0)

    def changes(self, *, after: int) -> Sequence[ListChange]:
        """See the port."""
        columns = (
            ListEntryRow.id,
            ListEntryRow.list,
            ListEntryRow.kind,
            ListEntryRow.digest,
            ListEntryRow.expires_us,
            ListEntryRow.removed,
        )
        changed = (
            ListEntryRow.removed.is_(None)
            if after == 0
            else or_(ListEntryRow.added > after, ListEntryRow.removed > after)
        )
        return tuple(
            ListChange(
                digest=bytes(row.digest),
                list=ListName(row.list),
                kind=_KINDS[row.kind],
                entry_id=row.id,
                expires_at=optional_instant_of(row.expires_us),
                removed=row.removed is not None,
            )
            for row in self._rows(select(*columns).where(changed))
        )

    def _rows(self, statement: Any) -> Sequence[Any]:
        return self._database.read(lambda connection: connection.execute(statement).all())

    def _columns(self, entry: ListEntry) -> dict[str, Any]:
        return {
            "id": entry.id,
            "list": entry.list.value,
            "kind": KIND_CODES[entry.kind],
            "digest": self._pseudonyms.digests(entry.kind, entry.value)[0],
            "value": self._encryption.encrypt(entry.value.encode(), record_id=entry.id),
            "reason": entry.reason,
            "owner": entry.owner,
            "created_us": microseconds_of(entry.created_at),
            "created_by": entry.created_by,
            "expires_us": None if entry.expires_at is None else microseconds_of(entry.expires_at),
        }

    def _entries(self, rows: Sequence[Any]) -> Iterable[ListEntry]:
        for row in rows:
            yield ListEntry(
                id=row.id,
                list=ListName(row.list),
                kind=_KINDS[row.kind],
                value=self._encryption.decrypt(bytes(row.value), record_id=row.id).decode(),
                reason=row.reason,
                owner=row.owner,
                created_at=instant_of(row.created_us),
                created_by=row.created_by,
                expires_at=optional_instant_of(row.expires_us),
            )
