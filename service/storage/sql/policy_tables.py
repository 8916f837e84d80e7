"""The tables around the policy: activations, back-tests, and accounts on probation."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number


class PolicyActivationRow(Base):
    """One version coming into force; the highest number is in force. ``beneath`` is what a roll-back returns to."""

    __tablename__ = "policy_activations"
    __table_args__ = (CheckConstraint("beneath < number", name="beneath"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(ForeignKey("policies.version"))
    at_us: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str]
    reason: Mapped[str]
    beneath: Mapped[int | None]
    rolled_back: Mapped[int | None]


class PolicyBacktestRow(Base):
    """What one back-test found. ``large`` and ``summary`` are JSON text, counts and rates without personal data."""

    __tablename__ = "policy_backtests"
    __table_args__ = (Index(None, "version", "backtest_no"),)

    backtest_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    version: Mapped[int] = mapped_column(ForeignKey("policies.version"))
    against: Mapped[int]
    at_us: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str]
    decisions: Mapped[int]
    whole: Mapped[bool]
    large: Mapped[str]
    summary: Mapped[str]


class ProbationRow(Base):
    """An allowed account on probation until an instant; ``ended_us`` is set once it is not."""

    __tablename__ = "probations"
    __table_args__ = (Index(None, "ended_us", "until_us"),)

    signup_no: Mapped[int] = mapped_column(Number, ForeignKey("signups.signup_no"), primary_key=True)
    until_us: Mapped[int] = mapped_column(BigInteger)
    ended_us: Mapped[int | None] = mapped_column(BigInteger)
