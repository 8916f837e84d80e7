"""The partition in SQL: dividing clusters, uniting them, and identifiers that are learnt later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, update

from models.linkage.identifier import IdentifierKind
from service.domain.errors import ConflictError
from service.storage.pseudonyms import Pseudonym
from service.storage.sql import joining
from service.storage.sql.cluster_tables import AnchorRow, ClusterRow, MemberRow
from service.storage.sql.marks import carry_over
from service.storage.sql.packed_links import packed_link
from service.storage.sql.records import KIND_CODES, packed, unpacked
from service.storage.sql.tables import LinkRow, SignupRow

_ROWS_A_STATEMENT = 500


def split(
    connection: Connection,
    cluster: int,
    parts: Sequence[Sequence[int]],
    anchors: Sequence[tuple[bytes, int]],
    carried: Mapping[int, int],
) -> None:
    """See ``Clusters.split``."""
    if connection.dialect.name != "sqlite":
        # Two divisions at once would take the same new numbers.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _DIVIDING})
    if not joining.lock_root(connection, cluster):
        raise ConflictError("The cluster became part of another meanwhile; look at it again.")
    lowest = connection.execute(select(func.min(ClusterRow.cluster_no))).scalar_one() or 0
    fresh_of = {number: min(0, lowest) - fresh for fresh, part in enumerate(parts, start=1) for number in part}
    founded_us: dict[int, int] = {}
    for number, occurred_us in _here(connection, cluster, {number: carried[number] for number in fresh_of}):
        fresh = fresh_of[number]
        founded_us[fresh] = min(occurred_us, founded_us.get(fresh, occurred_us))
    founded = [{"cluster_no": fresh, "root_no": fresh, "founded_us": at_us} for fresh, at_us in founded_us.items()]
    connection.execute(insert(ClusterRow), founded)
    connection.execute(_MOVED, [{"moved_no": number, "into_no": fresh} for number, fresh in fresh_of.items()])
    if anchors:
        connection.execute(_LED, [{"led": digest, "into_no": fresh_of[number]} for digest, number in anchors])


_MOVED = update(MemberRow).where(MemberRow.signup_no == bindparam("moved_no")).values(cluster_no=bindparam("into_no"))
_LED = update(AnchorRow).where(AnchorRow.digest == bindparam("led")).values(cluster_no=bindparam("into_no"))


def _here(connection: Connection, cluster: int, carried: Mapping[int, int]) -> list[tuple[int, int]]:
    """When members of a cluster whose row is locked came, by number; they are locked too.

    Whoever learns something has the same lock: it is either seen here, or leads where the member is by then.

    Raises:
        ConflictError: one of them is not in it, or carries more by now.
    """
    found: list[tuple[int, int]] = []
    numbers = sorted(carried)
    for at in range(0, len(numbers), _ROWS_A_STATEMENT):
        some = MemberRow.signup_no.in_(numbers[at : at + _ROWS_A_STATEMENT])
        wanted = (
            select(MemberRow.signup_no, MemberRow.occurred_us, MemberRow.identifiers)
            .where(some, MemberRow.cluster_no == cluster)
            .order_by(MemberRow.signup_no)
        )
        if connection.dialect.name != "sqlite":
            wanted = wanted.with_for_update()
        for number, occurred_us, identifiers in connection.execute(wanted):
            if len(unpacked(bytes(identifiers))) == carried[number]:
                found.append((number, occurred_us))
    if len(found) != len(numbers):
        raise ConflictError("Members left the cluster, or learnt something, meanwhile; look at it again.")
    return found


def move(connection: Connection, cluster: int, carried: Mapping[int, int], into: int, anchors: Sequence[bytes]) -> None:
    """See ``Clusters.move``."""
    if not all(joining.lock_root(connection, each) for each in sorted({cluster, into})):
        raise ConflictError("The cluster became part of another meanwhile; look at it again.")
    _here(connection, cluster, carried)
    connection.execute(_MOVED, [{"moved_no": number, "into_no": into} for number in carried])
    if anchors:
        connection.execute(_LED, [{"led": digest, "into_no": into} for digest in anchors])


_DIVIDING = 0x6761_7465_6469_7669
"""PostgreSQL's advisory lock under which one cluster is divided at a time."""


def unite(connection: Connection, clusters: Sequence[int], through: int, at_us: int) -> int:
    """See ``Clusters.unite``; how many became part of another. Called under ``joining.merging``."""
    return joining.unite(connection, clusters, through, at_us)


def add_identifiers(
    connection: Connection, signup_no: int, added: Sequence[tuple[IdentifierKind, Pseudonym, int]], at_us: int
) -> None:
    """See ``Clusters.add_identifiers``. What it ties is united by ``settle``, or by whoever calls ``joining.join``.

    What the sign-up carries already is joined again all the same: so a repetition makes good whatever was left undone.
    """
    strong = {pseudonym.digest for kind, pseudonym, _ in added if KIND_CODES[kind] in joining.STRONG_CODES}
    if strong:
        joining.will_join(connection, signup_no)
    locking = select(MemberRow.identifiers, MemberRow.cluster_no).where(MemberRow.signup_no == signup_no)
    if connection.dialect.name != "sqlite":
        locking = locking.with_for_update()
    member = connection.execute(locking).one()
    carried = unpacked(bytes(member.identifiers))
    known = {digest for _, digest in carried}
    new = {pseudonym.digest: (kind, pseudonym, anomalies) for kind, pseudonym, anomalies in added}
    new = {digest: each for digest, each in new.items() if digest not in known}
    if not new:
        return
    account_type = connection.execute(
        select(SignupRow.account_type).where(SignupRow.signup_no == signup_no)
    ).scalar_one()
    rows = [
        {
            "digest": digest,
            "recorded_us": at_us,
            "signup_no": signup_no,
            "kind": KIND_CODES[kind],
            "occurred_us": at_us,
            "packed": packed_link(
                occurred_us=at_us, counted=pseudonym.counted, account_type=account_type, anomalies=anomalies
            ),
        }
        for digest, (kind, pseudonym, anomalies) in new.items()
    ]
    connection.execute(insert(LinkRow), rows)
    every = [*carried, *((KIND_CODES[kind], digest) for digest, (kind, _, _) in new.items())]
    connection.execute(update(MemberRow).where(MemberRow.signup_no == signup_no).values(identifiers=packed(every)))
    carry_over(connection, [(KIND_CODES[kind], digest) for digest, (kind, _, _) in new.items()], signup_no)
    _anchor(connection, member.cluster_no, sorted(strong & new.keys()))


def _anchor(connection: Connection, cluster: int, digests: Sequence[bytes]) -> None:
    anchored = connection.execute(select(AnchorRow.digest).where(AnchorRow.digest.in_(digests))).scalars()
    for digest in sorted(set(digests) - set(map(bytes, anchored))):
        connection.exec_driver_sql(
            _ANCHOR % (("?", "?") if connection.dialect.name == "sqlite" else ("%s", "%s")), (digest, cluster)
        )


_ANCHOR = "INSERT INTO anchors (digest, cluster_no) VALUES (%s, %s) ON CONFLICT DO NOTHING"
