"""Containments in SQL whose members lie in several clusters by now: found from each, and parted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any  # Any: selects and columns of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, insert, select, update

from service.domain.containment import Containment
from service.domain.errors import ConflictError, TakenError
from service.storage.instants import microseconds_of
from service.storage.sql.cluster_tables import ClusterRow, MemberRow
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.records import unpacked

_MOVED = "The containment is no longer as it was; look at it again."


def touching(cluster: int) -> Any:
    """See ``Containments.touching``."""
    root = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster).scalar_subquery()
    numbers = (
        select(ContainedRow.containment_no)
        .join(MemberRow, MemberRow.signup_no == ContainedRow.signup_no)
        .where(MemberRow.cluster_no == root)
        .distinct()
    )
    return (
        select(ContainmentRow.__table__)
        .where(ContainmentRow.containment_no.in_(numbers))
        .order_by(ContainmentRow.containment_no.desc())
    )


def part(
    connection: Connection, number: int, fresh: Containment, columns: dict[str, Any], signup_nos: Collection[int]
) -> None:
    """See ``Containments.part``; ``columns`` are of a containment that nobody confirmed.

    Whoever carries it out, releases or confirms it waits for the lock on it, and finds the members gone.
    """
    reduced = {"core": ContainmentRow.core - fresh.core, "leaves": ContainmentRow.leaves - fresh.leaves}
    same = (ContainmentRow.containment_no == number) & (ContainmentRow.state == fresh.state.value)
    if connection.execute(update(ContainmentRow).where(same).values(reduced)).rowcount != 1:
        raise ConflictError(_MOVED)
    confirmed_us = None if fresh.confirmed_at is None else microseconds_of(fresh.confirmed_at)
    confirmed = {"confirmed_us": confirmed_us, "confirmed_by": fresh.confirmed_by}
    connection.execute(insert(ContainmentRow), columns | confirmed)
    theirs = (ContainedRow.containment_no == number) & ContainedRow.signup_no.in_(numbers_of(connection, signup_nos))
    moved = connection.execute(update(ContainedRow).where(theirs).values(containment_no=fresh.number)).rowcount
    if moved != len(signup_nos):
        raise ConflictError(_MOVED)


def are_as_read(connection: Connection, carried: Mapping[int, int]) -> None:
    """See ``Containments.part``: nobody of the core carries more, or less, by now.

    Raises:
        TakenError: somebody does.
    """
    wanted = select(MemberRow.signup_no, MemberRow.identifiers).where(
        MemberRow.signup_no.in_(numbers_of(connection, carried))
    )
    for number, identifiers in connection.execute(wanted):
        if len(unpacked(bytes(identifiers))) != carried[number]:
            raise TakenError("Somebody of its core learnt something at the same moment; try again.")
