"""Verdicts on many cases that wait for a second person."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class CaseProposalRow(Base):
    """One proposal; ``case_ids`` is JSON text. The table itself refuses an approval by whoever proposed."""

    __tablename__ = "case_proposals"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'approved', 'declined')", name="state"),
        CheckConstraint("state <> 'approved' OR decided_by <> by", name="second_person"),
        Index(None, "state", "at_us"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str]
    at_us: Mapped[int] = mapped_column(BigInteger)
    verdict: Mapped[str]
    reason_code: Mapped[str]
    case_ids: Mapped[str]
    state: Mapped[str]
    decided_by: Mapped[str | None]
    decided_us: Mapped[int | None] = mapped_column(BigInteger)
