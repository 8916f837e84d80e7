"""The partition in SQL: dividing clusters, uniting them, and identifiers that are learnt later."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, update

from models.linkage.identifier import IdentifierKind
from service.domain.errors import ConflictError
from service.storage.pseudonyms import Pseudonym
from service.storage.sql import joining
from service.storage.sql.cluster_tables import AnchorRow, ClusterRow, MemberRow, PendingJoinRow
from service.storage.sql.marks import carry_over
from service.storage.sql.packed_links import packed_link
from service.storage.sql.records import KIND_CODES, packed, unpacked
from service.storage.sql.tables import LinkRow, SignupRow

_ROWS_A_STATEMENT = 500


def split(
    connection: Connection, cluster: int, parts: Sequence[Sequence[int]], anchors: Sequence[tuple[bytes, int]]
) -> None:
    """See ``Clusters.split``."""
    locking = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster)
    if connection.dialect.name != "sqlite":
        # Two divisions at once would take the same new numbers.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _DIVIDING})
        locking = locking.with_for_update()
    if connection.execute(locking).scalar_one_or_none() != cluster:
        raise ConflictError("The cluster became part of another meanwhile; look at it again.")
    lowest = connection.execute(select(func.min(ClusterRow.cluster_no))).scalar_one() or 0
    for fresh, part in enumerate(parts, start=1):
        _move(connection, cluster, min(0, lowest) - fresh, part)
    for digest, number in anchors:
        leads_to = select(MemberRow.cluster_no).where(MemberRow.signup_no == number).scalar_subquery()
        connection.execute(update(AnchorRow).where(AnchorRow.digest == digest).values(cluster_no=leads_to))


def move(connection: Connection, cluster: int, signup_nos: Sequence[int], into: int, anchors: Sequence[bytes]) -> None:
    """See ``Clusters.move``."""
    both = sorted({cluster, into})
    locking = select(ClusterRow.root_no).where(ClusterRow.cluster_no.in_(both)).order_by(ClusterRow.cluster_no)
    if connection.dialect.name != "sqlite":
        locking = locking.with_for_update()
    if list(connection.execute(locking).scalars()) != both:
        raise ConflictError("The cluster became part of another meanwhile; look at it again.")
    for at in range(0, len(signup_nos), _ROWS_A_STATEMENT):
        numbers = signup_nos[at : at + _ROWS_A_STATEMENT]
        members = (MemberRow.signup_no.in_(numbers)) & (MemberRow.cluster_no == cluster)
        if connection.execute(update(MemberRow).where(members).values(cluster_no=into)).rowcount != len(numbers):
            raise ConflictError("Members left the cluster meanwhile; look at it again.")
    for at in range(0, len(anchors), _ROWS_A_STATEMENT):
        led = AnchorRow.digest.in_(anchors[at : at + _ROWS_A_STATEMENT])
        connection.execute(update(AnchorRow).where(led).values(cluster_no=into))


_DIVIDING = 0x6761_7465_6469_7669
"""PostgreSQL's advisory lock under which one cluster is divided at a time."""


def _move(connection: Connection, cluster: int, fresh: int, part: Sequence[int]) -> None:
    founded_us = None
    for at in range(0, len(part), _ROWS_A_STATEMENT):
        numbers = part[at : at + _ROWS_A_STATEMENT]
        members = (MemberRow.signup_no.in_(numbers)) & (MemberRow.cluster_no == cluster)
        first = connection.execute(select(func.min(MemberRow.occurred_us)).where(members)).scalar_one()
        moved = connection.execute(update(MemberRow).where(members).values(cluster_no=fresh)).rowcount
        if moved != len(numbers):
            raise ConflictError("Members left the cluster meanwhile; look at it again.")
        founded_us = first if founded_us is None else min(first, founded_us)
    connection.execute(insert(ClusterRow), {"cluster_no": fresh, "root_no": fresh, "founded_us": founded_us or 0})


def unite(connection: Connection, clusters: Sequence[int], through: int, at_us: int) -> None:
    """See ``Clusters.unite``."""
    joining.unite(connection, clusters, through, at_us)


def add_identifiers(
    connection: Connection, signup_no: int, added: Sequence[tuple[IdentifierKind, Pseudonym, int]], at_us: int
) -> None:
    """See ``Clusters.add_identifiers``. What it ties is united by ``settle``, or by whoever calls ``joining.join``."""
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
    strong = [digest for digest, (kind, _, _) in new.items() if KIND_CODES[kind] in joining.STRONG_CODES]
    _anchor(connection, signup_no, member.cluster_no, strong)


def _anchor(connection: Connection, signup_no: int, cluster: int, digests: Sequence[bytes]) -> None:
    anchored = connection.execute(select(AnchorRow.digest).where(AnchorRow.digest.in_(digests))).scalars()
    for digest in sorted(set(digests) - set(map(bytes, anchored))):
        connection.exec_driver_sql(
            _ANCHOR % (("?", "?") if connection.dialect.name == "sqlite" else ("%s", "%s")), (digest, cluster)
        )
    waiting = connection.execute(select(PendingJoinRow.signup_no).where(PendingJoinRow.signup_no == signup_no)).first()
    if digests and waiting is None:
        connection.execute(insert(PendingJoinRow), {"signup_no": signup_no, "clusters": "[]"})


_ANCHOR = "INSERT INTO anchors (digest, cluster_no) VALUES (%s, %s) ON CONFLICT DO NOTHING"
