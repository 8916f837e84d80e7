"""Marks in SQL: written for identifiers, withdrawn, and carried over to identifiers that are learnt later."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from models.linkage.marks import HELD_AGAINST, MARKED_KINDS, Mark
from service.storage.sql.cluster_tables import MarkRow, MemberRow
from service.storage.sql.postgresql_arrays import bigint_array, bytea_array
from service.storage.sql.records import KIND_CODES, unpacked

_PUT_POSTGRESQL = """
INSERT INTO marks (digest, channel, known_us, signup_no, mark, kind)
SELECT key.digest, %(channel)s, %(known_us)s, %(signup_no)s, %(mark)s, key.kind
FROM unnest(%(digests)s::bytea[], %(kinds)s::smallint[]) AS key (digest, kind)
"""
"""One message for the identifiers of 20,000 accounts, which a containment holds."""

_DIGESTS_A_STATEMENT = 500

MARKED_CODES = frozenset(KIND_CODES[kind] for kind in MARKED_KINDS)


def taken(connection: Connection, signup_no: int) -> list[tuple[int, bytes]]:
    """The identifiers of a sign-up that are marked, once its member's row is this transaction's.

    Whoever marks, withdraws or adds identifiers takes that row before anything else, but for the sign-up's row of
    ``pending_joins``, which a join takes first too: so none is added unmarked while the others are marked, and nobody
    waits in a circle.
    """
    locking = select(MemberRow.identifiers).where(MemberRow.signup_no == signup_no)
    if connection.dialect.name != "sqlite":
        locking = locking.with_for_update()
    column = connection.execute(locking).scalar_one()
    return [each for each in unpacked(bytes(column)) if each[0] in MARKED_CODES]


def put(connection: Connection, keys: Sequence[tuple[int, bytes]], number: int, mark: Mark, known_us: int) -> None:
    """Something is known of a sign-up, or a containment holds: on each of these identifiers."""
    if not keys:
        return
    same = {
        "channel": 0 if mark in HELD_AGAINST else 1,
        "known_us": known_us,
        "signup_no": number,
        "mark": mark.value,
    }
    if connection.dialect.name == "sqlite":
        connection.execute(insert(MarkRow), [{"digest": digest, "kind": kind, **same} for kind, digest in keys])
        return
    arrays = {"digests": bytea_array([digest for _, digest in keys]), "kinds": bigint_array([kind for kind, _ in keys])}
    connection.exec_driver_sql(_PUT_POSTGRESQL, {**arrays, **same})


def withdraw(
    connection: Connection, number: int, mark: Mark, at_us: int, digests: Sequence[bytes] | None = None
) -> None:
    """It counts nowhere from now on, or not on these identifiers; the rows stay."""
    standing = (MarkRow.signup_no == number) & (MarkRow.mark == mark.value) & MarkRow.withdrawn_us.is_(None)
    if digests is None:
        connection.execute(update(MarkRow).where(standing).values(withdrawn_us=at_us))
        return
    for at in range(0, len(digests), _DIGESTS_A_STATEMENT):
        some = MarkRow.digest.in_(digests[at : at + _DIGESTS_A_STATEMENT])
        connection.execute(update(MarkRow).where(standing, some).values(withdrawn_us=at_us))


def carry_over(connection: Connection, keys: Sequence[tuple[int, bytes]], signup_no: int) -> None:
    """Mark further identifiers of a sign-up with everything that is known of it."""
    marked = [each for each in keys if each[0] in MARKED_CODES]
    # A containment's number is no sign-up's.
    of_signup = (MarkRow.signup_no == signup_no) & (MarkRow.mark != Mark.CONTAINED.value)
    known = connection.execute(
        select(MarkRow.mark, MarkRow.known_us).where(of_signup, MarkRow.withdrawn_us.is_(None)).distinct()
    ).all()
    for mark, known_us in known:
        put(connection, marked, signup_no, Mark(mark), known_us)
