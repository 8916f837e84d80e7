"""The console's people: reviewers, their sessions, and failed attempts to sign in."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number


class ReviewerRow(Base):
    """A person who signs in; ``queues`` are words with spaces between, none meaning every queue."""

    __tablename__ = "reviewers"
    __table_args__ = (
        CheckConstraint("role IN ('reviewer', 'lead', 'admin')", name="role"),
        Index("uq_reviewers_identity", "identity", unique=True),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    queues: Mapped[str]
    password_digest: Mapped[str]
    must_change: Mapped[bool]
    created_us: Mapped[int] = mapped_column(BigInteger)
    disabled_us: Mapped[int | None] = mapped_column(BigInteger)
    identity: Mapped[bytes | None]


class ReviewerSessionRow(Base):
    """A running session, by the digest of the token in the reviewer's cookie."""

    __tablename__ = "reviewer_sessions"
    __table_args__ = (
        CheckConstraint("length(token_digest) = 32", name="token_digest"),
        Index(None, "reviewer"),
        Index(None, "began_us"),
    )

    token_digest: Mapped[bytes] = mapped_column(primary_key=True)
    reviewer: Mapped[str] = mapped_column(ForeignKey("reviewers.name"))
    began_us: Mapped[int] = mapped_column(BigInteger)
    seen_us: Mapped[int] = mapped_column(BigInteger)


class SignInFailureRow(Base):
    """One failed attempt, by the keyed digest of a name or an address."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index(None, "who", "at_us"), Index(None, "at_us"))

    failure_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    who: Mapped[bytes]
    at_us: Mapped[int] = mapped_column(BigInteger)
