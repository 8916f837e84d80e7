"""Outcomes: a typed row whose key settles which of two at once comes first."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class OutcomeRow(Base):
    """What a source said of a sign-up; never updated. ``ordinal`` counts those of one sign-up."""

    __tablename__ = "outcomes"
    __table_args__ = (
        CheckConstraint("label IN ('fraud', 'legitimate', 'unknown')", name="label"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("grade IN ('A', 'B', 'C', 'D', 'E')", name="grade"),
    )

    signup_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    id: Mapped[str]
    label: Mapped[str]
    source: Mapped[str]
    reason: Mapped[str]
    confidence: Mapped[float]
    grade: Mapped[str | None]
    occurred_us: Mapped[int] = mapped_column(BigInteger)
    recorded_us: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str]
