"""Deliveries in SQL: queued from the outbox, claimed under leases, finished, replayed, purged."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any  # Any: rows and statements of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, and_, delete, exists, func, insert, literal, or_, select, tuple_, update

from service.domain.event import Event, EventType
from service.domain.webhook import Attempted, Delivery, DeliveryState, Endpoint, Failure
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql import delivery_queue as queue
from service.storage.sql.database import Database
from service.storage.sql.event_tables import EventRow
from service.storage.sql.events import EVENT_COLUMNS, event_of_row, row_of_event
from service.storage.sql.staging import Stage
from service.storage.sql.webhook_endpoints import endpoint_of_row
from service.storage.sql.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow
from service.usecases.ports_webhooks import Claimed, Waiting, Wanted

_D, _E = WebhookDeliveryRow, WebhookEndpointRow
_PENDING, _DELIVERED, _DEAD = (each.value for each in DeliveryState)


class SqlDeliveries:
    """See ``service.usecases.ports_webhooks.Deliveries``."""

    def __init__(self, database: Database, stage: Stage, *, encryption: Encryption) -> None:
        self._database = database
        self._stage = stage
        self._encryption = encryption

    def fan_out(self, *, now: datetime, limit: int) -> int:
        """See the port."""
        now_us = microseconds_of(now)
        due = and_(EventRow.fanned_us.is_(None), EventRow.due_us <= now_us)
        # A read first: on SQLite a transaction keeps every other writer out, and mostly there is nothing to do.
        if not self._database.read(lambda connection: connection.execute(select(exists().where(due))).scalar_one()):
            return 0
        return self._database.transaction(lambda connection: queue.fan_out(connection, due, now_us, limit))

    def claim(
        self, *, now: datetime, lease: timedelta, limit: int, room: Mapping[str, int], room_each: int
    ) -> Sequence[Claimed]:
        """See the port."""
        now_us = microseconds_of(now)
        waiting = self._database.read(lambda connection: queue.waiting_endpoints(connection, now_us))
        shares = [(each, room.get(each, room_each)) for each in waiting]
        shares = [(each, share) for each, share in shares if share > 0]
        if not shares or limit < 1:
            return ()
        token, until_us = secrets.token_hex(8), microseconds_of(now + lease)

        def take(connection: Connection) -> list[Any]:
            rows: list[Any] = []
            for endpoint_id, share in shares:
                if len(rows) < limit:
                    count = min(share, limit - len(rows))
                    rows += queue.take(connection, endpoint_id, now_us, count, until_us=until_us, token=token)
            return rows

        rows = self._database.transaction(take)
        return self._claimed(rows, token) if rows else ()

    def finish(self, claimed: Claimed, attempted: Attempted, *, now: datetime, next_try_at: datetime | None) -> None:
        """See the port."""
        event_no = select(EventRow.event_no).where(EventRow.id == claimed.event.id).scalar_subquery()
        statement = update(_D).where(_D.endpoint_id == claimed.endpoint.id, _D.event_no == event_no)
        finished: dict[str, Any] = {
            "status": attempted.status,
            "failure": None if attempted.failure is None else attempted.failure.value,
        }
        if attempted.failure is None:
            finished |= {"state": _DELIVERED, "finished_us": microseconds_of(now), "token": ""}
            statement = statement.where(_D.state != _DELIVERED)
        else:
            statement = statement.where(_D.state == _PENDING, _D.token == claimed.token)
            if next_try_at is None:
                finished |= {"state": _DEAD, "finished_us": microseconds_of(now), "token": ""}
            else:
                finished |= {"next_us": microseconds_of(next_try_at), "token": ""}
        statement = statement.values(finished)

        def run(connection: Connection) -> None:
            connection.execute(statement)

        self._stage.add(run)

    def queue(self, endpoint_id: str, event: Event) -> None:
        """See the port."""
        now_us = microseconds_of(event.due_at)
        columns = dict(zip(EVENT_COLUMNS, row_of_event(event), strict=True)) | {"fanned_us": now_us}

        def run(connection: Connection) -> None:
            event_no = connection.execute(insert(EventRow).returning(EventRow.event_no), columns).scalar_one()
            connection.execute(insert(_D), queue.new_delivery(endpoint_id, event_no, now_us))

        self._stage.add(run)

    def of_endpoint(
        self, endpoint_id: str, wanted: Wanted, *, before_no: int | None = None, limit: int = 50
    ) -> Sequence[Delivery]:
        """See the port."""
        statement = (
            select(_D.__table__, EventRow.id, EventRow.type)
            .join(EventRow, EventRow.event_no == _D.event_no)
            .where(_D.endpoint_id == endpoint_id, *_conditions(wanted))
            .order_by(_D.event_no.desc())
            .limit(limit)
        )
        if before_no is not None:
            statement = statement.where(_D.event_no < before_no)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(_delivery_of_row(row) for row in rows)

    def replay(self, endpoint_id: str, wanted: Wanted, *, now: datetime) -> int:
        """See the port."""
        now_us = microseconds_of(now)
        chosen = and_(_D.endpoint_id == endpoint_id, _D.state != _PENDING, *_conditions(wanted))
        again = update(_D).where(chosen)
        again = again.values(state=_PENDING, attempts=0, queued_us=now_us, next_us=now_us, finished_us=None, token="")

        def run(connection: Connection) -> None:
            connection.execute(again)

        self._stage.add(run)
        found = select(func.count()).select_from(_D).where(chosen)
        return self._database.read(lambda connection: connection.execute(found).scalar_one())

    def waiting(self, *, now: datetime) -> Waiting:
        """See the port. An event that is not queued yet counts once, whatever becomes of it."""
        now_us = microseconds_of(now)
        unqueued = select(func.count(), func.min(EventRow.due_us)).where(
            EventRow.fanned_us.is_(None), EventRow.due_us <= now_us
        )

        def of_endpoint(what: Any, state: str) -> Any:
            chosen = select(what).where(_D.endpoint_id == _E.id, _D.state == state)
            return chosen.correlate(_E).scalar_subquery()

        # Endpoint by endpoint, because that is how the index is ordered; what was delivered is never read.
        queued = select(
            func.coalesce(func.sum(of_endpoint(func.count(), _PENDING)), 0),
            func.min(of_endpoint(func.min(_D.queued_us), _PENDING)),
        ).where(_E.active)
        dead = select(func.coalesce(func.sum(of_endpoint(func.count(), _DEAD)), 0)).select_from(_E)

        def ask(connection: Connection) -> Waiting:
            (outside, first), (inside, second) = connection.execute(unqueued).one(), connection.execute(queued).one()
            oldest = min((each for each in (first, second) if each is not None), default=None)
            given_up = connection.execute(dead).scalar_one()
            return Waiting(outside + int(inside), optional_instant_of(oldest), int(given_up))

        return self._database.read(ask)

    def purge(self, *, before: datetime, limit: int) -> int:
        """See the port."""
        before_us = microseconds_of(before)
        # An endpoint that is not paused finishes with every delivery by itself.
        forgotten = and_(_D.finished_us.is_(None), _D.queued_us < before_us, _D.endpoint_id.in_(queue.PAUSED))
        finished = select(_D.endpoint_id, _D.event_no).where(or_(_D.finished_us < before_us, forgotten)).limit(limit)
        unneeded = (
            select(EventRow.event_no)
            .where(EventRow.fanned_us < before_us, ~exists().where(_D.event_no == EventRow.event_no))
            .limit(limit)
        )
        of_deliveries = delete(_D).where(tuple_(_D.endpoint_id, _D.event_no).in_(finished))
        of_events = delete(EventRow).where(EventRow.event_no.in_(unneeded))

        def run(connection: Connection) -> int:
            return connection.execute(of_deliveries).rowcount + connection.execute(of_events).rowcount

        some = select(or_(exists(finished.subquery()), exists(unneeded.subquery())))
        if not self._database.read(lambda connection: connection.execute(some).scalar_one()):
            return 0
        return self._database.transaction(run)

    def _claimed(self, rows: Sequence[Any], token: str) -> tuple[Claimed, ...]:
        of_endpoints = select(_E.__table__).where(_E.id.in_({row.endpoint_id for row in rows}))
        of_events = select(EventRow.__table__).where(EventRow.event_no.in_({row.event_no for row in rows}))

        def ask(connection: Connection) -> tuple[dict[str, Endpoint], dict[int, Event]]:
            endpoints = {row.id: endpoint_of_row(row, self._encryption) for row in connection.execute(of_endpoints)}
            return endpoints, {row.event_no: event_of_row(row) for row in connection.execute(of_events)}

        endpoints, events = self._database.read(ask)
        return tuple(
            Claimed(
                endpoint=endpoints[row.endpoint_id],
                event=events[row.event_no],
                attempts=row.attempts + 1,
                queued_at=instant_of(row.queued_us),
                token=token,
            )
            for row in rows
            if row.endpoint_id in endpoints  # removed since
        )


def _conditions(wanted: Wanted) -> Sequence[Any]:
    """What must hold of a delivery. Any: SQLAlchemy's conditions have many types."""
    conditions: list[Any] = []
    if wanted.state is not None:
        conditions.append(_D.state == wanted.state.value)
    if wanted.event_ids is not None:
        conditions.append(_D.event_no.in_(select(EventRow.event_no).where(EventRow.id.in_(wanted.event_ids))))
    if wanted.queued_from is not None:
        conditions.append(_D.queued_us >= microseconds_of(wanted.queued_from))
    if wanted.queued_before is not None:
        conditions.append(_D.queued_us < microseconds_of(wanted.queued_before))
    return conditions or [literal(value=True)]


def _delivery_of_row(row: Any) -> Delivery:
    state = DeliveryState(row.state)
    return Delivery(
        number=row.event_no,
        endpoint_id=row.endpoint_id,
        event_id=row.id,
        type=EventType(row.type),
        state=state,
        attempts=row.attempts,
        queued_at=instant_of(row.queued_us),
        next_try_at=instant_of(row.next_us) if state is DeliveryState.PENDING else None,
        status=row.status,
        failure=None if row.failure is None else Failure(row.failure),
        finished_at=optional_instant_of(row.finished_us),
    )
