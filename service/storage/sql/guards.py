"""Guards in SQL: who sets one first has set it, and only the one that was meant is lifted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any  # Any: rows of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from models.linkage.joining import GuardState
from service.domain.errors import ConflictError
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.cluster_tables import GuardRow
from service.storage.sql.records import KIND_CODES, KINDS
from service.usecases.ports_clusters import Guard, IdentifierKey


def guards_on(connection: Connection, digests: Collection[bytes] | None) -> tuple[Guard, ...]:
    """See ``Clusters.guards``."""
    statement = select(GuardRow.__table__).order_by(GuardRow.since_us, GuardRow.digest)
    if digests is not None:
        statement = statement.where(GuardRow.digest.in_(digests))
    return tuple(_guard_of_row(row) for row in connection.execute(statement).all())


def set_guard(connection: Connection, guard: Guard) -> None:
    """See ``Clusters.set_guard``. On PostgreSQL whoever is second waits until the first has committed."""
    columns = {
        "digest": guard.key.digest,
        "kind": KIND_CODES[guard.key.kind],
        "state": guard.state.value,
        "since_us": microseconds_of(guard.since),
        "until_us": None if guard.until is None else microseconds_of(guard.until),
        "by": guard.by,
        "reason": guard.reason,
        "cluster_no": guard.cluster,
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    setting = dialect.insert(GuardRow).values(columns).on_conflict_do_nothing().returning(GuardRow.digest)
    if connection.execute(setting).first() is None:
        raise ConflictError("This identifier ties nobody already.")


def lift_guard(connection: Connection, guard: Guard) -> None:
    """See ``Clusters.lift_guard``."""
    meant = delete(GuardRow).where(
        GuardRow.digest == guard.key.digest,
        GuardRow.state == guard.state.value,
        GuardRow.since_us == microseconds_of(guard.since),
    )
    if connection.execute(meant).rowcount != 1:
        raise ConflictError("Somebody else was faster; this guard is lifted already.")


def _guard_of_row(row: Any) -> Guard:
    return Guard(
        key=IdentifierKey(KINDS[row.kind], bytes(row.digest)),
        state=GuardState(row.state),
        since=instant_of(row.since_us),
        by=row.by,
        reason=row.reason,
        until=optional_instant_of(row.until_us),
        cluster=row.cluster_no,
    )
