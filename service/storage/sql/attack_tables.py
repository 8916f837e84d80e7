"""Attacks and the watch for them: typed rows whose constraints state the invariants."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number


class AttackRow(Base):
    """One attack on one key, which is kept as its digest; one at a time goes on for a key."""

    __tablename__ = "attacks"
    __table_args__ = (
        Index("ix_attacks_open", "digest", unique=True, postgresql_where=text("ended_us IS NULL"),
              sqlite_where=text("ended_us IS NULL")),
        CheckConstraint("first_seen_us <= last_seen_us AND signups > 0", name="seen"),
    )  # fmt: skip

    attack_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[bytes]
    kind: Mapped[int] = mapped_column(SmallInteger)
    started_us: Mapped[int] = mapped_column(BigInteger)
    ended_us: Mapped[int | None] = mapped_column(BigInteger)
    first_seen_us: Mapped[int] = mapped_column(BigInteger)
    last_seen_us: Mapped[int] = mapped_column(BigInteger)
    signups: Mapped[int]
    surprise: Mapped[int] = mapped_column(SmallInteger)


class AttackOwnerRow(Base):
    """Whose sign-ups were part of an attack: who is told of it."""

    __tablename__ = "attack_owners"
    __table_args__ = (Index(None, "attack_id"),)

    owner: Mapped[str] = mapped_column(primary_key=True)
    attack_id: Mapped[str] = mapped_column(primary_key=True)


class AttackSightRow(Base):
    """One sign-up that reached the line of surprise on one key; kept for hours."""

    __tablename__ = "attack_sights"
    __table_args__ = (Index(None, "at_us"), {"sqlite_with_rowid": False})

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    signup_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    owner: Mapped[str]
    at_us: Mapped[int] = mapped_column(BigInteger)
    surprise: Mapped[int] = mapped_column(SmallInteger)
    another_sign: Mapped[bool]


class AttackWatchRow(Base):
    """The one row that says up to which seal of the audit record decisions were looked at."""

    __tablename__ = "attack_watch"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seal_no: Mapped[int] = mapped_column(BigInteger)
