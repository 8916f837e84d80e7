"""The members that a containment touches, in SQL: written with it, touched later, and what was done about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: rows of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, bindparam, insert, select, update

from service.domain.containment import ContainmentState, Done, Progress, Role, Touched
from service.domain.errors import ConflictError
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.many_rows import given, rows_as_json

_MEMBERS_POSTGRESQL = """
INSERT INTO contained (containment_no, signup_no, role, ties, progress)
SELECT * FROM unnest(
    %(containment_no)s::bigint[], %(signup_no)s::bigint[], %(role)s::text[], %(ties)s::text[], %(progress)s::smallint[]
)
"""
"""Columns as arrays: 20,000 members are one message and not as many."""

_WRITTEN_SQLITE = (
    update(ContainedRow)
    .where(
        ContainedRow.containment_no == bindparam("new_containment_no"),
        ContainedRow.signup_no == bindparam("new_signup_no"),
    )
    .values({name: bindparam(f"new_{name}") for name in ("progress", "before_id", "made_id")})
)

_WRITTEN_POSTGRESQL = f"""
UPDATE contained SET progress = given.progress, before_id = given.before_id, made_id = given.made_id
FROM {given(ContainedRow, ("signup_no", "progress", "before_id", "made_id"))}
WHERE contained.containment_no = %(number)s AND contained.signup_no BETWEEN %(first)s AND %(last)s
    AND contained.signup_no = given.signup_no AND contained.progress = %(standing)s
"""  # noqa: S608 - names of columns
"""A batch lies together; without its bounds everybody whom any containment touches would be read."""


def write(connection: Connection, number: int, touched: Sequence[Touched]) -> None:
    """Write members that wait, of a containment that was written just now."""
    rows = [{"containment_no": number, "signup_no": each.signup_no, **_waiting(each)} for each in touched]
    if rows and connection.dialect.name == "sqlite":
        connection.execute(insert(ContainedRow), rows)
    elif rows:
        connection.exec_driver_sql(_MEMBERS_POSTGRESQL, {name: [row[name] for row in rows] for name in rows[0]})


def touch(connection: Connection, number: int, touched: Touched) -> None:
    """See ``Containments.touch``.

    Whoever releases the containment waits for the lock on it, or was first and leaves nobody to touch.
    """
    locking = select(ContainmentRow.containment_no).where(
        ContainmentRow.containment_no == number, ContainmentRow.state == ContainmentState.STANDING.value
    )
    if connection.dialect.name != "sqlite":
        locking = locking.with_for_update(key_share=True)
    if connection.execute(locking).first() is None:
        return
    of_member = (ContainedRow.containment_no == number) & (ContainedRow.signup_no == touched.signup_no)
    before = connection.execute(select(ContainedRow.role).where(of_member)).scalar_one_or_none()
    if before in (touched.role.value, Role.CORE.value):
        return
    if before is None:
        columns = {"containment_no": number, "signup_no": touched.signup_no, **_waiting(touched)}
        connection.execute(insert(ContainedRow), columns)
    else:
        connection.execute(update(ContainedRow).where(of_member).values(_waiting(touched)))
    counted = {
        "core": ContainmentRow.core + int(touched.role is Role.CORE),
        "leaves": ContainmentRow.leaves + int(touched.role is Role.LEAF) - int(before is not None),
    }
    connection.execute(update(ContainmentRow).where(ContainmentRow.containment_no == number).values(counted))


def _waiting(touched: Touched) -> dict[str, Any]:
    return {
        "role": touched.role.value,
        "ties": ",".join(kind.value for kind in touched.ties),
        "progress": Progress.WAITING.value,
    }


def take(connection: Connection, number: int, progress: Progress, done: Sequence[Done]) -> None:
    """Write what was done about members of one containment, if nobody else did.

    Whoever else writes about them waits for the lock on their containment, and finds them done.
    """
    rows = [
        {
            "containment_no": number,
            "signup_no": each.task.touched.signup_no,
            "progress": each.progress.value,
            "before_id": each.before_id,
            "made_id": each.made_id,
        }
        for each in done
    ]
    if connection.dialect.name == "sqlite":
        standing = _WRITTEN_SQLITE.where(ContainedRow.progress == progress.value)
        written = connection.execute(standing, [{f"new_{name}": each[name] for name in each} for each in rows])
    else:
        locking = select(ContainmentRow.containment_no).where(ContainmentRow.containment_no == number)
        connection.execute(locking.with_for_update(key_share=True))
        numbers = [each.task.touched.signup_no for each in done]
        bounds = {"number": number, "first": min(numbers), "last": max(numbers)}
        parameters = {"rows": rows_as_json(rows), "standing": progress.value, **bounds}
        written = connection.exec_driver_sql(_WRITTEN_POSTGRESQL, parameters)
    if written.rowcount != len(rows):
        raise ConflictError("Somebody else did it at the same moment.")
