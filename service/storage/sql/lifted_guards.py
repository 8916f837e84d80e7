"""What an identifier leads to once its guard is lifted, in SQL."""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from service.storage.sql.cluster_tables import MemberRow


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
