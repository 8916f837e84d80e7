"""Clusters, their members, and what is known of identifiers: typed rows whose constraints state the invariants."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class ClusterRow(Base):
    """A cluster, by the number of the sign-up that founded it; negative when a division made it.

    ``root_no`` is the cluster that it has become part of, itself while it has not: always the root, never a
    cluster on the way there.
    """

    __tablename__ = "clusters"
    __table_args__ = (
        Index("ix_clusters_merged", "root_no", postgresql_where=text("root_no <> cluster_no"),
              sqlite_where=text("root_no <> cluster_no")),
    )  # fmt: skip

    cluster_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root_no: Mapped[int] = mapped_column(BigInteger)
    founded_us: Mapped[int] = mapped_column(BigInteger)


class MemberRow(Base):
    """One sign-up in its cluster.

    ``identifiers`` holds all of its identifiers, a byte for the kind and sixteen for the digest each; the traits are
    the first eight bytes of some of them, for comparison. ``label`` says what is known of the sign-up, ``proof``
    whether it passed or failed its last challenge.
    """

    __tablename__ = "members"
    __table_args__ = (
        Index("ix_members_newest", "cluster_no", "signup_no", "occurred_us"),
        Index("ix_members_labelled", "cluster_no", "label", "label_us", "signup_no",
              postgresql_where=text("label IS NOT NULL"), sqlite_where=text("label IS NOT NULL")),
        Index("ix_members_failing", "cluster_no", postgresql_where=text("proof = 5"), sqlite_where=text("proof = 5")),
        CheckConstraint("label IN (1, 3)", name="label"),
        CheckConstraint("(label IS NULL) = (label_us IS NULL)", name="labelled"),
    )  # fmt: skip

    # INTEGER, so that SQLite makes it the row's own number.
    signup_no: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    cluster_no: Mapped[int] = mapped_column(BigInteger)
    occurred_us: Mapped[int] = mapped_column(BigInteger)
    identifiers: Mapped[bytes]
    network: Mapped[int | None] = mapped_column(BigInteger)
    email_domain: Mapped[int | None] = mapped_column(BigInteger)
    email_pattern: Mapped[int | None] = mapped_column(BigInteger)
    device: Mapped[int | None] = mapped_column(BigInteger)
    payment: Mapped[int | None] = mapped_column(BigInteger)
    institution: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[int | None] = mapped_column(BigInteger)
    label: Mapped[int | None] = mapped_column(SmallInteger)
    label_us: Mapped[int | None] = mapped_column(BigInteger)
    proof: Mapped[int | None] = mapped_column(SmallInteger)


class AnchorRow(Base):
    """Which cluster a strong identifier leads to: written once, by the first sign-up that carries it.

    Its key settles who was first when two come at once.
    """

    __tablename__ = "anchors"
    __table_args__ = ({"sqlite_with_rowid": False},)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    cluster_no: Mapped[int] = mapped_column(BigInteger)


class MergeRow(Base):
    """One cluster became part of another through a sign-up; never updated."""

    __tablename__ = "merges"
    __table_args__ = (Index(None, "into_no"),)

    cluster_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    into_no: Mapped[int] = mapped_column(BigInteger)
    signup_no: Mapped[int] = mapped_column(BigInteger)
    merged_us: Mapped[int] = mapped_column(BigInteger)


class PendingJoinRow(Base):
    """A sign-up that ties clusters together which are not one yet; written with it, deleted with the merge."""

    __tablename__ = "pending_joins"

    signup_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    clusters: Mapped[str]


class GuardRow(Base):
    """An identifier that ties nobody, and why. Rows are few: what ties has none.

    ``cluster_no`` is the cluster that it was cut out of, by what it was called then.
    """

    __tablename__ = "guards"
    __table_args__ = (CheckConstraint("state IN (1, 2, 3, 4)", name="state"), {"sqlite_with_rowid": False})

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    since_us: Mapped[int] = mapped_column(BigInteger)
    until_us: Mapped[int | None] = mapped_column(BigInteger)
    by: Mapped[str]
    reason: Mapped[str]
    cluster_no: Mapped[int | None] = mapped_column(BigInteger)


class MarkRow(Base):
    """What became known of a sign-up, on one of its identifiers; see ``models.linkage.marks``.

    ``channel`` keeps what is held against an identifier apart from everything else, so that nothing washes it out of
    sight. A mark that was withdrawn stays, and counts nowhere.
    """

    __tablename__ = "marks"
    __table_args__ = (
        CheckConstraint("mark BETWEEN 1 AND 5", name="mark"),
        CheckConstraint("channel = CASE WHEN mark <= 2 THEN 0 ELSE 1 END", name="channel"),
        Index("ix_marks_signup", "signup_no", "mark"),
        {"sqlite_with_rowid": False},
    )

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    channel: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    known_us: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    signup_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mark: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    withdrawn_us: Mapped[int | None] = mapped_column(BigInteger)
