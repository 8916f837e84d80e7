"""What an identifier leads to, and which containments hold it, once its guard is lifted: in SQL."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, text

from models.linkage.marks import Mark
from service.domain.containment import ContainmentState, Role
from service.storage.sql.cluster_tables import MarkRow, MemberRow
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.marks import put
from service.storage.sql.number_lists import numbers_of


def lead(connection: Connection, digest: bytes, signup_no: int) -> None:
    """See ``Clusters.lead``. Whoever moves the member waits for the lock on it, and takes the identifier along."""
    locking = select(MemberRow.cluster_no).where(MemberRow.signup_no == signup_no)
    if connection.dialect.name != "sqlite":
        locking = locking.with_for_update()
    cluster = connection.execute(locking).scalar_one()
    connection.execute(_LED, {"digest": digest, "cluster_no": cluster})


_LED = text(
    "INSERT INTO anchors (digest, cluster_no) VALUES (:digest, :cluster_no) "
    "ON CONFLICT (digest) DO UPDATE SET cluster_no = excluded.cluster_no"
)


def hold_of(connection: Connection, kind: int, digest: bytes, signup_nos: Collection[int], at_us: int) -> None:
    """See ``Clusters.hold_of``. Whoever releases one of the containments waits for the lock on it, or was first."""
    of_core = select(ContainedRow.containment_no).where(
        ContainedRow.signup_no.in_(numbers_of(connection, signup_nos)), ContainedRow.role == Role.CORE.value
    )
    held = select(MarkRow.signup_no).where(
        MarkRow.digest == digest,
        MarkRow.channel == 0,
        MarkRow.mark == Mark.CONTAINED.value,
        MarkRow.withdrawn_us.is_(None),
    )
    standing = (
        select(ContainmentRow.containment_no)
        .where(
            ContainmentRow.containment_no.in_(of_core),
            ContainmentRow.containment_no.not_in(held),
            ContainmentRow.state == ContainmentState.STANDING.value,
        )
        .order_by(ContainmentRow.containment_no)
    )
    if connection.dialect.name != "sqlite":
        standing = standing.with_for_update(key_share=True)
    for number in connection.execute(standing).scalars().all():
        put(connection, [(kind, digest)], number, Mark.CONTAINED, at_us)
