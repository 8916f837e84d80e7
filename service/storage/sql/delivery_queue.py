"""The queue of deliveries in SQL: the statements by which several workers share it.

``FOR UPDATE SKIP LOCKED`` lets each of them pass by what another one holds; SQLite, which has one writer at a time,
needs none of it and leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: rows and statements of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, func, insert, select, update

from service.domain.webhook import DeliveryState
from service.storage.sql.event_tables import EventRow
from service.storage.sql.webhook_endpoints import wants
from service.storage.sql.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow

_D, _E = WebhookDeliveryRow, WebhookEndpointRow
_PENDING = DeliveryState.PENDING.value

PAUSED = select(_E.id).where(~_E.active)
"""The endpoints whose deliveries wait."""


def fan_out(connection: Connection, due: Any, now_us: int, limit: int) -> int:
    """Queue the events that ``due`` describes for the endpoints that want them, and mark them; how many."""
    events = connection.execute(
        select(EventRow.event_no, EventRow.owner, EventRow.type)
        .where(due)
        .order_by(EventRow.due_us, EventRow.event_no)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    # Held until the commit, so that no endpoint is removed while deliveries to it are written.
    endpoints = connection.execute(
        select(_E.id, _E.owner, _E.types)
        .where(_E.owner.in_({event.owner for event in events}))
        .order_by(_E.id)
        .with_for_update(read=True, key_share=True)
    ).all()
    deliveries = [
        new_delivery(endpoint.id, event.event_no, now_us)
        for event in events
        for endpoint in endpoints
        if endpoint.owner == event.owner and wants(endpoint.types, event.type)
    ]
    if deliveries:
        connection.execute(insert(_D), deliveries)
    numbers = [event.event_no for event in events]
    connection.execute(update(EventRow).where(EventRow.event_no.in_(numbers)).values(fanned_us=now_us))
    return len(events)


def waiting_endpoints(connection: Connection, now_us: int) -> Sequence[str]:
    """The endpoints with deliveries that are due, the one that waits longest first: one look in the index each."""
    first = (
        select(func.min(_D.next_us))
        .where(_D.endpoint_id == _E.id, _D.state == _PENDING)
        .correlate(_E)
        .scalar_subquery()
        .label("first")
    )
    each = select(_E.id, first).where(_E.active).subquery()
    return connection.execute(select(each.c.id).where(each.c.first <= now_us).order_by(each.c.first)).scalars().all()


def take(
    connection: Connection, endpoint_id: str, now_us: int, limit: int, *, until_us: int, token: str
) -> Sequence[Any]:
    """Lease deliveries of an endpoint that are due: nobody else takes them until the lease has ended."""
    rows = connection.execute(
        select(_D.endpoint_id, _D.event_no, _D.attempts, _D.queued_us)
        .where(_D.endpoint_id == endpoint_id, _D.state == _PENDING, _D.next_us <= now_us)
        .order_by(_D.next_us, _D.event_no)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    connection.execute(
        update(_D)
        .where(_D.endpoint_id == endpoint_id, _D.event_no.in_([row.event_no for row in rows]))
        .values(next_us=until_us, token=token, attempts=_D.attempts + 1)
    )
    return rows


def new_delivery(endpoint_id: str, event_no: int, now_us: int) -> dict[str, Any]:
    """The columns of a delivery that is due at once."""
    return {
        "endpoint_id": endpoint_id,
        "event_no": event_no,
        "state": _PENDING,
        "attempts": 0,
        "queued_us": now_us,
        "next_us": now_us,
        "token": "",
    }
