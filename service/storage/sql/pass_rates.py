"""Estimated pass rates in SQL, all replaced together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from service.domain.challenge import ChallengeMethod
from service.domain.pass_rates import PassRate, Side
from service.storage.instants import microseconds_of, optional_instant_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.step_up_tables import PassRateRow


class SqlPassRates:
    """See ``service.usecases.ports_step_up.PassRates``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def put(self, rates: Sequence[PassRate], *, at: datetime) -> None:
        """See the port."""
        columns = [
            {
                "method": each.method.value,
                "group_name": each.group,
                "side": each.side.value,
                "start": each.start,
                "estimate": each.estimate,
                "low": each.low,
                "high": each.high,
                "results": each.results,
                "estimated_us": microseconds_of(at),
            }
            for each in rates
        ]

        def run(connection: Connection) -> None:
            connection.execute(delete(PassRateRow))
            connection.execute(insert(PassRateRow), columns)

        self._stage.add(run)

    def all(self) -> Sequence[PassRate]:
        """See the port."""
        statement = select(PassRateRow.__table__).order_by(
            PassRateRow.method, PassRateRow.side.desc(), PassRateRow.group_name
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            PassRate(
                method=ChallengeMethod(row.method),
                group=row.group_name,
                side=Side(row.side),
                start=row.start,
                estimate=row.estimate,
                low=row.low,
                high=row.high,
                results=row.results,
            )
            for row in rows
        )

    def estimated_at(self) -> datetime | None:
        """See the port."""
        statement = select(func.max(PassRateRow.estimated_us))
        return optional_instant_of(
            self._database.read(lambda connection: connection.execute(statement).scalar_one_or_none())
        )
