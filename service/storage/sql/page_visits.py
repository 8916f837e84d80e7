"""Reports of requests of hosted pages, in SQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from service.storage.instants import microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.step_up_tables import PageVisitRow


class SqlPageVisits:
    """See ``service.usecases.ports_page_visits.PageVisits``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, who: bytes, *, at: datetime) -> None:
        """See the port."""
        columns = {"who": who, "at_us": microseconds_of(at)}

        def run(connection: Connection) -> None:
            connection.execute(insert(PageVisitRow), columns)

        self._stage.add(run)

    def count(self, who: bytes, *, since: datetime) -> int:
        """See the port."""
        wanted = select(func.count()).where(PageVisitRow.who == who, PageVisitRow.at_us >= microseconds_of(since))
        return self._database.read(lambda connection: connection.execute(wanted).scalar_one())

    def purge(self, *, before: datetime) -> int:
        """See the port."""
        old = delete(PageVisitRow).where(PageVisitRow.at_us < microseconds_of(before))
        return self._database.transaction(lambda connection: connection.execute(old).rowcount)
