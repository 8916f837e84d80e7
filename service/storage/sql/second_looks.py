"""How far second looks have come, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, tuple_, update

from service.domain.errors import ConflictError
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.second_look_tables import SecondLookRow
from service.storage.sql.staging import Stage
from service.storage.sql.tables import SignupRow
from service.usecases.ports_second_look import Place


class SqlSecondLooks:
    """See ``service.usecases.ports_second_look.SecondLooks``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def cursor(self, after: timedelta) -> Place | None:
        """See the port."""
        statement = select(SecondLookRow.recorded_us, SecondLookRow.signup_no).where(
            SecondLookRow.after_s == _seconds(after)
        )
        row = self._database.read(lambda connection: connection.execute(statement).one_or_none())
        return None if row is None else Place(instant_of(row.recorded_us), row.signup_no)

    def recorded(self, *, after: Place | None, since: datetime, until: datetime, limit: int) -> Sequence[Place]:
        """See the port."""
        statement = select(SignupRow.recorded_us, SignupRow.signup_no).where(
            SignupRow.record_only.is_(False),
            SignupRow.recorded_us >= microseconds_of(since),
            SignupRow.recorded_us <= microseconds_of(until),
        )
        if after is not None:
            place = (microseconds_of(after.recorded_at), after.signup_no)
            statement = statement.where(tuple_(SignupRow.recorded_us, SignupRow.signup_no) > place)
        statement = statement.order_by(SignupRow.recorded_us, SignupRow.signup_no).limit(limit)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(Place(instant_of(recorded_us), number) for recorded_us, number in rows)

    def move(self, after: timedelta, *, before: Place | None, to: Place) -> None:
        """See the port."""
        values = {"recorded_us": microseconds_of(to.recorded_at), "signup_no": to.signup_no}

        def run(connection: Connection) -> None:
            if before is None:
                connection.execute(insert(SecondLookRow), {"after_s": _seconds(after), **values})
                return
            moved = update(SecondLookRow).where(
                SecondLookRow.after_s == _seconds(after),
                SecondLookRow.recorded_us == microseconds_of(before.recorded_at),
                SecondLookRow.signup_no == before.signup_no,
            )
            if connection.execute(moved.values(values)).rowcount != 1:
                raise ConflictError("Another worker has taken this step.")

        self._stage.add(run)


def _seconds(after: timedelta) -> int:
    return round(after.total_seconds())
