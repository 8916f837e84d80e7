"""The tables of step-up: what is asked of whom, its history, the mails, the appeals, visits and pass rates."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number

_PENDING = text("status = 'pending'")
_WAITING = text("ended_us IS NULL")


class StepUpRow(Base):
    """Everything asked of one person. ``version`` counts changes; ``doubt`` is JSON text without personal data."""

    __tablename__ = "step_ups"

    signup_no: Mapped[int] = mapped_column(Number, ForeignKey("signups.signup_no"), primary_key=True)
    record_id: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str]
    reference: Mapped[str]
    page_version: Mapped[int] = mapped_column(SmallInteger)
    page_digest: Mapped[bytes] = mapped_column(unique=True)
    doubt: Mapped[str]
    version: Mapped[int]


class ChallengeRow(Base):
    """One challenge. Codes and proofs are keyed digests; an address that was typed is encrypted in ``personal``."""

    __tablename__ = "challenges"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'passed', 'failed', 'abandoned', 'expired')", name="status"),
        CheckConstraint("(status = 'pending') = (closed_us IS NULL)", name="closed"),
        CheckConstraint("tries_left >= 0 AND sends_left >= 0", name="left"),
        Index(None, "signup_no", "place"),
        Index("ix_challenges_pending", "expires_us", sqlite_where=_PENDING, postgresql_where=_PENDING),
        Index(None, "proof", "closed_us"),
        Index(None, "closed_us"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    signup_no: Mapped[int] = mapped_column(BigInteger, ForeignKey("step_ups.signup_no"))
    place: Mapped[int] = mapped_column(SmallInteger)
    method: Mapped[str]
    status: Mapped[str]
    created_us: Mapped[int] = mapped_column(BigInteger)
    expires_us: Mapped[int] = mapped_column(BigInteger)
    tries_left: Mapped[int] = mapped_column(SmallInteger)
    sends_left: Mapped[int] = mapped_column(SmallInteger)
    opened: Mapped[bool]
    closed_us: Mapped[int | None] = mapped_column(BigInteger)
    closed_by: Mapped[str | None]
    evidence: Mapped[str]
    proof: Mapped[bytes | None]
    codes: Mapped[str]
    sent_us: Mapped[int | None] = mapped_column(BigInteger)
    personal: Mapped[bytes | None]


class ChallengeStepRow(Base):
    """One thing that happened to a challenge; only ever appended."""

    __tablename__ = "challenge_steps"
    __table_args__ = (Index(None, "signup_no", "step_no"),)

    step_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    signup_no: Mapped[int] = mapped_column(BigInteger)
    challenge_id: Mapped[str]
    at_us: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str]
    actor: Mapped[str]
    detail: Mapped[str]


class MailRow(Base):
    """A code to be sent: neither the code nor the address stands here, only the digest of where it went."""

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_waiting", "due_us", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index(None, "mailbox", "ended_us"),
    )

    mail_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    challenge_id: Mapped[str]
    language: Mapped[str]
    due_us: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(SmallInteger)
    ended_us: Mapped[int | None] = mapped_column(BigInteger)
    sent: Mapped[bool | None]
    mailbox: Mapped[bytes | None]


class AppealRow(Base):
    """What a person asked for on a hosted page; what they wrote is encrypted in ``personal``."""

    __tablename__ = "appeals"
    __table_args__ = (CheckConstraint("kind IN ('human', 'institution_missing')", name="kind"),)

    appeal_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    record_id: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    reference: Mapped[str]
    kind: Mapped[str]
    at_us: Mapped[int] = mapped_column(BigInteger)
    personal: Mapped[bytes]


class PageVisitRow(Base):
    """A report of some requests of a hosted page, by the digest of its token; only ever appended."""

    __tablename__ = "page_visits"
    __table_args__ = (Index(None, "who", "at_us"), Index(None, "at_us"))

    visit_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    who: Mapped[bytes]
    at_us: Mapped[int] = mapped_column(BigInteger)


class PassRateRow(Base):
    """One estimated pass rate; all of them are replaced together."""

    __tablename__ = "pass_rates"
    __table_args__ = (
        CheckConstraint("side IN ('honest', 'fraud')", name="side"),
        CheckConstraint("estimate > 0 AND estimate < 1", name="estimate"),
    )

    method: Mapped[str] = mapped_column(primary_key=True)
    group_name: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[float] = mapped_column(Double)
    estimate: Mapped[float] = mapped_column(Double)
    low: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)
    results: Mapped[float] = mapped_column(Double)
    estimated_us: Mapped[int] = mapped_column(BigInteger)
