"""The tables of the block, allow and exempt lists."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class ListEntryRow(Base):
    """One entry: the keyed digest that sign-ups are compared with, and the value, encrypted, for people to read.

    ``added`` and ``removed`` are the revisions in which it came and went.
    """

    __tablename__ = "list_entries"
    __table_args__ = (
        CheckConstraint("list IN ('block', 'exempt', 'allow')", name="list"),
        Index(
            "uq_list_entries_list_digest",
            "list",
            "digest",
            unique=True,
            sqlite_where=text("removed IS NULL"),
            postgresql_where=text("removed IS NULL"),
        ),
        Index(None, "added"),
        Index(None, "removed"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    list: Mapped[str]
    kind: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[bytes]
    value: Mapped[bytes]
    reason: Mapped[str]
    owner: Mapped[str]
    created_us: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str]
    expires_us: Mapped[int | None] = mapped_column(BigInteger)
    added: Mapped[int] = mapped_column(BigInteger)
    removed: Mapped[int | None] = mapped_column(BigInteger)
    removed_us: Mapped[int | None] = mapped_column(BigInteger)
    removed_by: Mapped[str | None]


class ListRevisionRow(Base):
    """The one row that every change of a list counts up, in its transaction: whoever reads it misses none."""

    __tablename__ = "list_revisions"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger)
