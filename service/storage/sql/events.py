"""The outbox in SQL: events appended with what caused them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, bindparam, select, update

from service.domain.event import Event, EventType
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.event_tables import EventRow
from service.storage.sql.many_rows import given, insert_many, rows_as_json
from service.storage.sql.staging import Stage

EVENT_COLUMNS = ("id", "type", "owner", "subject", "occurred_us", "due_us", "payload")

_HASTENED_SQLITE = (
    update(EventRow)
    .where(
        EventRow.subject == bindparam("new_subject"),
        EventRow.fanned_us.is_(None),
        EventRow.due_us > bindparam("new_due_us"),
    )
    .values(due_us=bindparam("new_due_us"))
)

_HASTENED_POSTGRESQL = f"""
UPDATE events SET due_us = given.due_us FROM {given(EventRow, ("subject", "due_us"))}
WHERE events.subject = given.subject AND events.fanned_us IS NULL AND events.due_us > given.due_us
"""  # noqa: S608 - names of columns


class SqlEvents:
    """See ``service.usecases.ports.Events``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, *events: Event) -> None:
        """See the port."""
        if events:
            self._stage.add(lambda connection: write_events(connection, events))

    def of_subject(self, subject: str) -> Sequence[Event]:
        """See the port."""
        statement = select(EventRow.__table__).where(EventRow.subject == subject).order_by(EventRow.event_no)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(event_of_row(row) for row in rows)


def write_events(connection: Connection, events: Sequence[Event]) -> None:
    """Append events in one statement."""
    insert_many(connection, EventRow, [dict(zip(EVENT_COLUMNS, row_of_event(each), strict=True)) for each in events])


def hasten(connection: Connection, latest: Mapping[str, datetime]) -> None:
    """Have what is not on its way yet due at the latest at these instants, by subject."""
    rows = [{"subject": subject, "due_us": microseconds_of(at)} for subject, at in latest.items()]
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(_HASTENED_POSTGRESQL, {"rows": rows_as_json(rows)})
    elif rows:
        connection.execute(_HASTENED_SQLITE, [{f"new_{name}": row[name] for name in row} for row in rows])


def row_of_event(event: Event) -> tuple[object, ...]:
    """The columns of a new event, in the order of ``EVENT_COLUMNS``."""
    return (
        event.id,
        event.type.value,
        event.owner,
        event.subject,
        microseconds_of(event.occurred_at),
        microseconds_of(event.due_at),
        to_json(event.data).decode(),
    )


def event_of_row(row: Any) -> Event:
    """The event of its row."""
    return Event(
        id=row.id,
        type=EventType(row.type),
        owner=row.owner,
        subject=row.subject,
        occurred_at=instant_of(row.occurred_us),
        due_at=instant_of(row.due_us),
        data=from_json(row.payload),
    )
