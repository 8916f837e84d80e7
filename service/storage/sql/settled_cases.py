"""Cases that a containment settles and its release reopens, in SQL: one statement for a batch of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Any  # Any: selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, select, text, update

from service.domain.case import Case, CaseState, settler
from service.domain.errors import ConflictError
from service.storage.instants import microseconds_of
from service.storage.sql.case_tables import UNRESOLVED, CaseRow
from service.storage.sql.number_lists import texts_of

_UNRESOLVED = text(UNRESOLVED)
_MOVED = "Somebody changed a case at the same moment; look at it again."


def unresolved_about(connection: Connection, record_ids: Collection[str]) -> Any:
    """The unresolved cases of these sign-ups."""
    about = CaseRow.record_id.in_(texts_of(connection, record_ids))
    return select(CaseRow.__table__).where(about, _UNRESOLVED).order_by(CaseRow.case_no)


def settled_about(connection: Connection, record_ids: Collection[str], containment_id: str) -> Any:
    """What a containment settled of these sign-ups, unless something newer about the same waits."""
    newer = CaseRow.__table__.alias("newer")
    waits = select(newer.c.case_no).where(
        newer.c.owner == CaseRow.owner, newer.c.subject == CaseRow.subject, newer.c.state != CaseState.RESOLVED.value
    )
    return (
        select(CaseRow.__table__)
        .where(
            CaseRow.record_id.in_(texts_of(connection, record_ids)),
            CaseRow.resolved_by == settler(containment_id),
            ~waits.exists(),
        )
        .order_by(CaseRow.case_no)
    )


def settling(cases: Sequence[Case]) -> Callable[[Connection], None]:
    """Close them, whoever holds them: a claim is no reason to wait, a verdict that came first is."""

    def run(connection: Connection) -> None:
        for (by, at), some in groupby(cases, key=lambda each: (each.resolved_by, each.resolved_at)):
            closed = list(some)
            _change(
                connection,
                closed,
                _UNRESOLVED,
                state=CaseState.RESOLVED.value,
                holder=None,
                lease_us=None,
                verdict=None if closed[0].verdict is None else closed[0].verdict.value,
                reason_code=closed[0].reason_code,
                resolved_us=None if at is None else microseconds_of(at),
                resolved_by=by,
            )

    return run


def handing_over(record_ids: Collection[str], containment_id: str, another_id: str) -> Callable[[Connection], None]:
    """Write another containment down as who settled them."""

    def run(connection: Connection) -> None:
        theirs = CaseRow.record_id.in_(texts_of(connection, record_ids))
        by = {"resolved_by": settler(another_id), "version": CaseRow.version + 1}
        connection.execute(update(CaseRow).where(theirs, CaseRow.resolved_by == settler(containment_id)).values(by))

    return run


def unsettling(cases: Sequence[Case]) -> Callable[[Connection], None]:
    """Open them again as they were."""

    def run(connection: Connection) -> None:
        _change(
            connection,
            cases,
            CaseRow.resolved_by.startswith(settler("")),
            state=CaseState.OPEN.value,
            verdict=None,
            reason_code=None,
            resolved_us=None,
            resolved_by=None,
        )

    return run


def _change(connection: Connection, cases: Sequence[Case], still: Any, **values: Any) -> None:
    ids = [each.id for each in cases]
    if not ids:
        return
    locking = select(CaseRow.case_no).where(CaseRow.id.in_(ids), still).order_by(CaseRow.case_no)
    if connection.dialect.name != "sqlite":
        # In one order, so that two who change many never wait for each other; nor for who writes a note about one.
        locking = locking.with_for_update(key_share=True)
    numbers = connection.execute(locking).scalars().all()
    if len(numbers) != len(ids):
        raise ConflictError(_MOVED)
    connection.execute(
        update(CaseRow).where(CaseRow.case_no.in_(numbers)).values(version=CaseRow.version + 1, **values)
    )
