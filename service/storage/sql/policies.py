"""Policy documents in SQL, which of them was in force when, and what back-tests found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, func, insert, select, update

from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.database import Database
from service.storage.sql.policy_tables import PolicyActivationRow, PolicyBacktestRow
from service.storage.sql.staging import Stage
from service.storage.sql.tables import PolicyRow
from service.usecases.ports_policy import Activation, BackTestRecord, PolicyVersion


class SqlPolicies:
    """See ``service.usecases.ports_policy.Policies``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage
        self._staged_version = 0
        self._staged_activation: Activation | None = None

    def active(self) -> PolicyVersion | None:
        """See the port."""
        statement = (
            select(PolicyRow.__table__)
            .join(PolicyActivationRow, PolicyActivationRow.version == PolicyRow.version)
            .order_by(PolicyActivationRow.number.desc())
            .limit(1)
        )
        return self._one(statement)

    def get(self, version: int) -> PolicyVersion | None:
        """See the port."""
        return self._one(select(PolicyRow.__table__).where(PolicyRow.version == version))

    def all(self) -> Sequence[PolicyVersion]:
        """See the port."""
        statement = select(PolicyRow.__table__).order_by(PolicyRow.version)
        return tuple(map(_policy_of_row, self._rows(statement)))

    def add(self, document: str, *, at: datetime, by: str, reason: str, activate: bool) -> PolicyVersion:
        """See the port. The version is that of the moment; commit refuses it if somebody was faster."""
        (highest,) = self._rows(select(func.coalesce(func.max(PolicyRow.version), 0)))
        self._staged_version = max(highest[0], self._staged_version) + 1
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
        if activate:
            self.activate(policy.version, at=at, by=by, reason=reason)
        return policy

    def activations(self) -> Sequence[Activation]:
        """See the port."""
        statement = select(PolicyActivationRow.__table__).order_by(PolicyActivationRow.number)
        return tuple(map(_activation_of_row, self._rows(statement)))

    def activate(self, version: int, *, at: datetime, by: str, reason: str) -> None:
        """See the port. The number is that of the moment; commit refuses it if somebody was faster."""
        newest = self._newest_activation()
        number = 1 if newest is None else newest.number + 1
        beneath = None if newest is None else newest.number
        self._activating(Activation(number, version, at, by, reason, beneath))

    def roll_back(self, *, at: datetime, by: str, reason: str) -> int | None:
        """See the port."""
        newest = self._newest_activation()
        if newest is None or newest.beneath is None:
            return None
        (row,) = self._rows(select(PolicyActivationRow.__table__).where(PolicyActivationRow.number == newest.beneath))
        before = _activation_of_row(row)
        self._activating(
            Activation(newest.number + 1, before.version, at, by, reason, before.beneath, rolled_back=newest.version)
        )
        return before.version

    def record_backtest(self, record: BackTestRecord) -> None:
        """See the port."""
        columns = {
            "version": record.version,
            "against": record.against,
            "at_us": microseconds_of(record.at),
            "by": record.by,
            "decisions": record.decisions,
            "whole": record.whole,
            "large": to_json(record.large).decode(),
            "summary": to_json(record.summary).decode(),
        }

        def run(connection: Connection) -> None:
            connection.execute(insert(PolicyBacktestRow), columns)

        self._stage.add(run)

    def backtest_of(self, version: int) -> BackTestRecord | None:
        """See the port."""
        statement = (
            select(PolicyBacktestRow.__table__)
            .where(PolicyBacktestRow.version == version)
            .order_by(PolicyBacktestRow.backtest_no.desc())
            .limit(1)
        )
        return next(map(_backtest_of_row, self._rows(statement)), None)

    def _newest_activation(self) -> Activation | None:
        if self._staged_activation is not None:
            return self._staged_activation
        statement = select(PolicyActivationRow.__table__).order_by(PolicyActivationRow.number.desc()).limit(1)
        return next(map(_activation_of_row, self._rows(statement)), None)

    def _activating(self, activation: Activation) -> None:
        self._staged_activation = activation
        columns = _columns_of_activation(activation)

        def run(connection: Connection) -> None:
            connection.execute(insert(PolicyActivationRow), columns)
            connection.execute(
                update(PolicyRow)
                .where(PolicyRow.version == activation.version)
                .values(activated_us=microseconds_of(activation.at))
            )

        self._stage.add(run)

    def _one(self, statement: Any) -> PolicyVersion | None:
        return next(map(_policy_of_row, self._rows(statement)), None)

    def _rows(self, statement: Any) -> Sequence[Any]:
        return self._database.read(lambda connection: connection.execute(statement).all())


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


def _columns_of_activation(activation: Activation) -> dict[str, Any]:
    return {
        "number": activation.number,
        "version": activation.version,
        "at_us": microseconds_of(activation.at),
        "by": activation.by,
        "reason": activation.reason,
        "beneath": activation.beneath,
        "rolled_back": activation.rolled_back,
    }


def _activation_of_row(row: Any) -> Activation:
    return Activation(
        number=row.number,
        version=row.version,
        at=instant_of(row.at_us),
        by=row.by,
        reason=row.reason,
        beneath=row.beneath,
        rolled_back=row.rolled_back,
    )


def _backtest_of_row(row: Any) -> BackTestRecord:
    return BackTestRecord(
        version=row.version,
        against=row.against,
        at=instant_of(row.at_us),
        by=row.by,
        decisions=row.decisions,
        whole=bool(row.whole),
        large=tuple(from_json(row.large)),
        summary=from_json(row.summary),
    )
