"""Policy documents in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, func, insert, select

from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.tables import PolicyRow
from service.usecases.ports import PolicyVersion


class SqlPolicies:
    """See ``service.usecases.ports.Policies``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage
        self._staged_version = 0

    def active(self) -> PolicyVersion | None:
        """See the port."""
        statement = (
            select(PolicyRow.__table__)
            .where(PolicyRow.activated_us.is_not(None))
            .order_by(PolicyRow.version.desc())
            .limit(1)
        )
        row = self._database.read(lambda connection: connection.execute(statement).first())
        return None if row is None else _policy_of_row(row)

    def add(self, document: str, *, at: datetime, by: str, reason: str, activate: bool) -> PolicyVersion:
        """See the port. The version is that of the moment; commit refuses it if somebody was faster."""
        highest = self._database.read(
            lambda connection: connection.execute(select(func.coalesce(func.max(PolicyRow.version), 0))).scalar_one()
        )
        self._staged_version = max(highest, self._staged_version) + 1
        policy = PolicyVersion(
            version=self._staged_version,
            document=document,
            created_at=at,
            created_by=by,
            reason=reason,
            activated_at=at if activate else None,
        )

        def run(connection: Connection) -> None:
            connection.execute(insert(PolicyRow), _columns_of_policy(policy))

        self._stage.add(run)
        return policy

    def all(self) -> Sequence[PolicyVersion]:
        """See the port."""
        statement = select(PolicyRow.__table__).order_by(PolicyRow.version)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(_policy_of_row(row) for row in rows)


def _columns_of_policy(policy: PolicyVersion) -> dict[str, Any]:
    return {
        "version": policy.version,
        "document": policy.document,
        "created_us": microseconds_of(policy.created_at),
        "created_by": policy.created_by,
        "reason": policy.reason,
        "activated_us": None if policy.activated_at is None else microseconds_of(policy.activated_at),
    }


def _policy_of_row(row: Any) -> PolicyVersion:
    return PolicyVersion(
        version=row.version,
        document=row.document,
        created_at=instant_of(row.created_us),
        created_by=row.created_by,
        reason=row.reason,
        activated_at=optional_instant_of(row.activated_us),
    )
