"""What containments hold of those in their core, in SQL: what these learnt or brought along, and what ties again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from models.linkage.marks import Mark
from service.domain.containment import ContainmentState, Role
from service.domain.errors import ConflictError
from service.storage.sql.cluster_tables import GuardRow, MarkRow, MemberRow
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.joining import STRONG_CODES
from service.storage.sql.marks import put
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.records import unpacked
from service.storage.sql.tables import LinkRow

_DIGESTS_A_STATEMENT = 500


def hold_carried(connection: Connection, signup_nos: Collection[int], at_us: int) -> None:
    """See ``Clusters.hold_carried``.

    Whoever learns something has the lock on its member, and comes here before it lets go: either it finds the
    containment, or whoever carries that one out finds what was learnt.
    """
    carried = _carried(connection, signup_nos)
    for number, core in _standing(connection, signup_nos).items():
        _hold(connection, number, sorted({key for member in core for key in carried.get(member, ())}), at_us)


def hold_of(connection: Connection, kind: int, digest: bytes, at_us: int) -> None:
    """See ``Clusters.hold_of``. Once its guard is lifted: whoever learnt it until then has committed that by now."""
    carriers = (
        select(MemberRow.signup_no)
        .join(LinkRow, LinkRow.signup_no == MemberRow.signup_no)
        .where(LinkRow.digest == digest, MemberRow.label.is_distinct_from(Mark.GOOD.value))
    )
    for number in _standing(connection, connection.execute(carriers).scalars().all()):
        _hold(connection, number, [(kind, digest)], at_us)


def _hold(connection: Connection, number: int, keys: Sequence[tuple[int, bytes]], at_us: int) -> None:
    """A containment that is locked holds those of these identifiers that tie anybody, once."""
    for at in range(0, len(keys), _DIGESTS_A_STATEMENT):
        some = keys[at : at + _DIGESTS_A_STATEMENT]
        passed_by = _held_or_guarded(connection, number, [digest for _, digest in some])
        put(connection, [key for key in some if key[1] not in passed_by], number, Mark.CONTAINED, at_us)


def _carried(connection: Connection, signup_nos: Collection[int]) -> dict[int, list[tuple[int, bytes]]]:
    """The strong identifiers of members, but for those who are known as good, whose rows nobody else is writing to.

    To wait for them here would be to wait in a circle: others take several members, in an order of their own.
    """
    wanted = (
        select(MemberRow.signup_no, MemberRow.identifiers, MemberRow.label)
        .where(MemberRow.signup_no.in_(numbers_of(connection, signup_nos)))
        .order_by(MemberRow.signup_no)
    )
    if connection.dialect.name != "sqlite":
        wanted = wanted.with_for_update(read=True, key_share=True, skip_locked=True)
    rows = connection.execute(wanted).all()
    if len(rows) < len(set(signup_nos)):
        raise ConflictError("Something is being written about one of these members; look at them again.")
    return {
        row.signup_no: [key for key in unpacked(bytes(row.identifiers)) if key[0] in STRONG_CODES]
        for row in rows
        if row.label != Mark.GOOD.value
    }


def _standing(connection: Connection, signup_nos: Collection[int]) -> dict[int, list[int]]:
    """Who of these is in the core of which standing containment, by its number.

    Whoever releases or parts one of them waits for the lock on it, or was first.
    """
    of_core = (ContainedRow.signup_no.in_(numbers_of(connection, signup_nos)), ContainedRow.role == Role.CORE.value)
    locking = (
        select(ContainmentRow.containment_no)
        .where(
            ContainmentRow.containment_no.in_(select(ContainedRow.containment_no).where(*of_core)),
            ContainmentRow.state == ContainmentState.STANDING.value,
        )
        .order_by(ContainmentRow.containment_no)
    )
    if connection.dialect.name != "sqlite":
        locking = locking.with_for_update(key_share=True)
    standing = connection.execute(locking).scalars().all()
    # Read once they are locked: members whom a part took along are no longer theirs.
    pairs = select(ContainedRow.containment_no, ContainedRow.signup_no).where(
        *of_core, ContainedRow.containment_no.in_(standing)
    )
    core: dict[int, list[int]] = defaultdict(list)
    for number, signup_no in connection.execute(pairs.order_by(ContainedRow.containment_no)):
        core[number].append(signup_no)
    return core


def _held_or_guarded(connection: Connection, number: int, digests: Collection[bytes]) -> set[bytes]:
    """Those of these identifiers that the containment holds already, or that tie nobody.

    Whoever lifts a guard waits until this transaction is over, and finds what was learnt; or was first, and it ties
    already. Not to wait for it is not to wait in a circle, and should it fail in the end nobody is held by it.
    """
    held = select(MarkRow.digest).where(
        MarkRow.digest.in_(digests),
        MarkRow.channel == 0,
        MarkRow.signup_no == number,
        MarkRow.mark == Mark.CONTAINED.value,
        MarkRow.withdrawn_us.is_(None),
    )
    guarded = select(GuardRow.digest).where(GuardRow.digest.in_(digests))
    if connection.dialect.name != "sqlite":
        guarded = guarded.with_for_update(read=True, key_share=True, skip_locked=True)
    return {bytes(row[0]) for wanted in (held, guarded) for row in connection.execute(wanted)}
