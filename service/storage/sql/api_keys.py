"""API keys in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, insert, select, update

from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.tables import ApiKeyRow
from service.usecases.ports_api_keys import ApiKey


class SqlApiKeys:
    """See ``service.usecases.ports_api_keys.ApiKeys``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, key: ApiKey) -> None:
        """See the port."""
        columns = _columns_of_key(key)

        def run(connection: Connection) -> None:
            connection.execute(insert(ApiKeyRow), columns)

        self._stage.add(run)

    def get(self, key_id: str) -> ApiKey | None:
        """See the port."""
        statement = select(ApiKeyRow.__table__).where(ApiKeyRow.id == key_id)
        row = self._database.read(lambda connection: connection.execute(statement).first())
        return None if row is None else _key_of_row(row)

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """See the port. The first revocation's instant stays."""
        if self.get(key_id) is None:
            return False
        statement = (
            update(ApiKeyRow)
            .where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_us.is_(None))
            .values(revoked_us=microseconds_of(at))
        )

        def run(connection: Connection) -> None:
            connection.execute(statement)

        self._stage.add(run)
        return True

    def all(self) -> Sequence[ApiKey]:
        """See the port."""
        statement = select(ApiKeyRow.__table__).order_by(ApiKeyRow.created_us, ApiKeyRow.id)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(_key_of_row(row) for row in rows)


def _columns_of_key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "owner": key.owner,
        "scopes": " ".join(sorted(key.scopes)),
        "secret_digest": key.secret_digest,
        "created_us": microseconds_of(key.created_at),
        "revoked_us": None if key.revoked_at is None else microseconds_of(key.revoked_at),
    }


def _key_of_row(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        owner=row.owner,
        scopes=frozenset(row.scopes.split()),
        secret_digest=bytes(row.secret_digest),
        created_at=instant_of(row.created_us),
        revoked_at=optional_instant_of(row.revoked_us),
    )
