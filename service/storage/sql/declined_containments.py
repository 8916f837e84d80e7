"""Containments in SQL that are declined before anybody confirmed them, and what was not judged while they waited."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, or_, select, update

from service.domain.containment import WORKER, ContainmentState, Progress
from service.domain.errors import ConflictError
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow, JudgedRow
from service.storage.sql.number_lists import numbers_of

COUNTS_AS_RELEASED = or_(ContainmentRow.declined.is_(False), ContainmentRow.opened_by == WORKER)
"""See ``Containments.released_among``."""

_MOVED = "The containment is no longer as it was; look at it again."


def decline(connection: Connection, number: int, at_us: int, by: str) -> None:
    """See ``Containments.decline``."""
    waiting = (ContainmentRow.containment_no == number) & (ContainmentRow.state == ContainmentState.PENDING.value)
    values = {
        "state": ContainmentState.RELEASED.value,
        "released_us": at_us,
        "released_by": by,
        "declined": True,
    }
    if connection.execute(update(ContainmentRow).where(waiting).values(values)).rowcount != 1:
        raise ConflictError(_MOVED)
    touched = ContainedRow.containment_no == number
    connection.execute(update(ContainedRow).where(touched).values(progress=Progress.RESTORED.value))


def still_wait(connection: Connection, numbers: Collection[int]) -> None:
    """See ``Containments.still_wait``. Whoever confirms or declines one of them waits for the lock on it."""
    waiting = (
        select(ContainmentRow.containment_no)
        .where(
            ContainmentRow.containment_no.in_(numbers_of(connection, numbers)),
            ContainmentRow.state == ContainmentState.PENDING.value,
        )
        .order_by(ContainmentRow.containment_no)
    )
    if connection.dialect.name != "sqlite":
        waiting = waiting.with_for_update(read=True)
    if len(connection.execute(waiting).all()) != len(numbers):
        raise ConflictError(_MOVED)


def judge_again(connection: Connection, clusters: Collection[int], since_us: int) -> None:
    """See ``Containments.judge_again``."""
    some = JudgedRow.cluster_no.in_(numbers_of(connection, clusters))
    connection.execute(delete(JudgedRow).where(some, JudgedRow.judged_us > since_us))
