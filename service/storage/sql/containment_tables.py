"""Containments, the members they touch, and how clusters looked when they were judged: typed rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Double, Index, SmallInteger, false, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class ContainmentRow(Base):
    """One containment of a cluster; its state moves forward only."""

    __tablename__ = "containments"
    __table_args__ = (
        Index(None, "cluster_no"),
        CheckConstraint("state IN ('pending', 'standing', 'released')", name="state"),
        CheckConstraint("(state = 'released') = (released_us IS NOT NULL)", name="released"),
    )

    containment_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str]
    cluster_no: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    core: Mapped[int] = mapped_column(BigInteger)
    leaves: Mapped[int] = mapped_column(BigInteger)
    opened_us: Mapped[int] = mapped_column(BigInteger)
    opened_by: Mapped[str]
    reason: Mapped[str]
    confirmed_us: Mapped[int | None] = mapped_column(BigInteger)
    confirmed_by: Mapped[str | None]
    released_us: Mapped[int | None] = mapped_column(BigInteger)
    released_by: Mapped[str | None]
    whole: Mapped[bool] = mapped_column(server_default=false())
    declined: Mapped[bool] = mapped_column(server_default=false())


class ContainedRow(Base):
    """One member that a containment touches, and what was done about it.

    ``progress`` 1 and 4 are to be done, and have an index of their own. ``ties`` are kinds of identifier by comma.
    """

    __tablename__ = "contained"
    __table_args__ = (
        Index(None, "signup_no"),
        Index("ix_contained_to_do", "containment_no", "signup_no", postgresql_where=text("progress IN (1, 4)"),
              sqlite_where=text("progress IN (1, 4)")),
        CheckConstraint("role IN ('core', 'leaf')", name="role"),
        CheckConstraint("progress BETWEEN 1 AND 5", name="progress"),
    )  # fmt: skip

    containment_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    signup_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    role: Mapped[str]
    ties: Mapped[str]
    progress: Mapped[int] = mapped_column(SmallInteger)
    before_id: Mapped[str | None]
    made_id: Mapped[str | None]


class JudgedRow(Base):
    """How a cluster looked when it was judged last."""

    __tablename__ = "judged_clusters"

    cluster_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    frauds: Mapped[int] = mapped_column(BigInteger)
    newest_fraud_us: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    judged_us: Mapped[int] = mapped_column(BigInteger)


class WatchRow(Base):
    """A watch on the habits of a banned piece. ``keys`` are packed as those of members are; ``until_us`` ends it."""

    __tablename__ = "watches"
    __table_args__ = (Index(None, "until_us"),)

    watch_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str]
    cluster_no: Mapped[int] = mapped_column(BigInteger)
    keys: Mapped[bytes]
    expected_share: Mapped[float] = mapped_column(Double)
    opened_us: Mapped[int] = mapped_column(BigInteger)
    until_us: Mapped[int] = mapped_column(BigInteger)


class LookBackRow(Base):
    """A ban, by when it became known, from which it was looked back.

    With ``corrected_us`` it was withdrawn since, and what followed from it is to be looked at again. With ``again_us``
    something was learnt then that it touches, and it is due once more; ``reached_us`` is when the banned account itself
    learnt something last.

    With ``put_off_us`` a correction reached it while something was banned or contained near it: a place from which it
    is looked again once nothing is. An account that never was banned is such a place too, known since nought.
    """

    __tablename__ = "look_backs"
    __table_args__ = (
        Index(
            "ix_look_backs_corrected",
            "corrected_us",
            sqlite_where=text("corrected_us IS NOT NULL"),
            postgresql_where=text("corrected_us IS NOT NULL"),
        ),
        Index(
            "ix_look_backs_put_off",
            "signup_no",
            sqlite_where=text("put_off_us IS NOT NULL"),
            postgresql_where=text("put_off_us IS NOT NULL"),
        ),
    )

    signup_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    known_us: Mapped[int] = mapped_column(BigInteger)
    done_us: Mapped[int] = mapped_column(BigInteger)
    corrected_us: Mapped[int | None] = mapped_column(BigInteger)
    again_us: Mapped[int | None] = mapped_column(BigInteger)
    reached_us: Mapped[int | None] = mapped_column(BigInteger)
    put_off_us: Mapped[int | None] = mapped_column(BigInteger)
