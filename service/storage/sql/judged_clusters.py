"""How clusters with known frauds or failed proofs look now, and how they looked when they were judged last, in SQL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, cast, func, literal, literal_column, select, union_all

from models.linkage.marks import Mark
from service.domain.containment import Looked
from service.storage.sql.cluster_tables import MemberRow
from service.storage.sql.containment_tables import JudgedRow
from service.storage.sql.upserts import write_over


def looks(connection: Connection) -> list[tuple[Looked, Looked | None]]:
    """How each looks, and how it looked when it was judged, if it was; by number."""
    # Two indexes that hold hardly anything, in place of a condition on every member.
    known = union_all(
        select(MemberRow.cluster_no, literal(1).label("frauds"), MemberRow.label_us, literal(0).label("failed")).where(
            MemberRow.label.is_not(None), MemberRow.label == Mark.BANNED.value
        ),
        select(MemberRow.cluster_no, literal(0), literal(0), literal(1)).where(
            MemberRow.proof == literal_column(str(Mark.FAILED.value))
        ),
    ).subquery()
    # SQL makes a decimal of a sum of large integers; these are small.
    some = (
        select(
            known.c.cluster_no,
            cast(func.sum(known.c.frauds), BigInteger).label("frauds"),
            func.max(known.c.label_us).label("newest_us"),
            cast(func.sum(known.c.failed), BigInteger).label("failed"),
        )
        .group_by(known.c.cluster_no)
        .subquery()
    )
    size = select(func.count()).where(MemberRow.cluster_no == some.c.cluster_no).correlate(some).scalar_subquery()
    before = (JudgedRow.frauds, JudgedRow.newest_fraud_us, JudgedRow.size, JudgedRow.failed)
    statement = (
        select(some.c.cluster_no, some.c.frauds, some.c.newest_us, size, some.c.failed, *before)
        .outerjoin(JudgedRow, JudgedRow.cluster_no == some.c.cluster_no)
        .order_by(some.c.cluster_no)
    )
    return [
        (Looked(cluster, *row[:4]), None if row[4] is None else Looked(cluster, *row[4:]))
        for cluster, *row in connection.execute(statement).all()
    ]


def judged(connection: Connection, looked: Looked, at_us: int) -> None:
    """See ``Containments.judged``."""
    columns = {
        "cluster_no": looked.cluster,
        "frauds": looked.frauds,
        "newest_fraud_us": looked.newest_fraud_us,
        "size": looked.size,
        "failed": looked.failed,
        "judged_us": at_us,
    }
    write_over(connection, JudgedRow, columns)
