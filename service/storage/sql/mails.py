"""The outbox of mails in SQL: claimed by one worker at a time, forgotten some time after they ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, delete, func, insert, select, update

from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.step_up_rows import MAIL_COLUMNS, row_of_mail
from service.storage.sql.step_up_tables import MailRow
from service.usecases.ports_step_up import Mail


class SqlMails:
    """See ``service.usecases.ports_step_up.Mails``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, *mails: Mail) -> None:
        """See the port."""
        columns = [dict(zip(MAIL_COLUMNS, row_of_mail(each), strict=True)) for each in mails]

        def run(connection: Connection) -> None:
            connection.execute(insert(MailRow), columns)

        if columns:
            self._stage.add(run)

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Mail]:
        """See the port."""
        waiting = (
            select(MailRow.mail_no)
            .where(MailRow.ended_us.is_(None), MailRow.due_us <= microseconds_of(now))
            .order_by(MailRow.due_us)
            .limit(limit)
            # Several workers take several mails; SQLite, which has one writer at a time, leaves this out.
            .with_for_update(skip_locked=True)
        )

        def take(connection: Connection) -> Sequence[Any]:
            numbers = connection.execute(waiting).scalars().all()
            if not numbers:
                return []
            return connection.execute(
                update(MailRow)
                .where(MailRow.mail_no.in_(numbers))
                .values(due_us=microseconds_of(until), tries=MailRow.tries + 1)
                .returning(MailRow.id, MailRow.challenge_id, MailRow.language, MailRow.due_us, MailRow.tries)
            ).all()

        return tuple(
            Mail(row.id, row.challenge_id, row.language, instant_of(row.due_us), row.tries)
            for row in self._database.transaction(take)
        )

    def put_off(self, mail_id: str, *, until: datetime) -> None:
        """See the port."""
        self._change(mail_id, due_us=microseconds_of(until))

    def done(self, mail_id: str, *, at: datetime, sent: bool, mailbox: bytes | None = None) -> None:
        """See the port."""
        self._change(mail_id, ended_us=microseconds_of(at), sent=sent, mailbox=mailbox)

    def sent_to(self, mailbox: bytes, *, since: datetime) -> int:
        """See the port."""
        statement = select(func.count()).where(
            MailRow.mailbox == mailbox, MailRow.sent.is_(True), MailRow.ended_us >= microseconds_of(since)
        )
        return self._database.read(lambda connection: connection.execute(statement).scalar_one())

    def purge(self, *, before: datetime) -> int:
        """See the port."""
        over = delete(MailRow).where(MailRow.ended_us < microseconds_of(before))
        return self._database.transaction(lambda connection: connection.execute(over).rowcount)

    def _change(self, mail_id: str, **columns: object) -> None:
        def run(connection: Connection) -> None:
            connection.execute(update(MailRow).where(MailRow.id == mail_id).values(**columns))

        self._stage.add(run)
