"""The tables of the learning loop: challengers in the shadow, their scores, the newest drift report."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number


class ShadowRow(Base):
    """One stay of a model in the shadow; ``seal_no`` is the last seal of the audit record that it has scored."""

    __tablename__ = "shadows"
    __table_args__ = (
        Index(
            "uq_shadows_running",
            "model_version",
            unique=True,
            sqlite_where=text("stopped_us IS NULL"),
            postgresql_where=text("stopped_us IS NULL"),
        ),
    )

    shadow_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    model_version: Mapped[str]
    model_sha256: Mapped[str]
    started_us: Mapped[int] = mapped_column(BigInteger)
    stopped_us: Mapped[int | None] = mapped_column(BigInteger)
    seal_no: Mapped[int] = mapped_column(BigInteger)


class ShadowScoreRow(Base):
    """What a model in the shadow made of one assessment. Versions are never overwritten, so they name the bytes."""

    __tablename__ = "shadow_scores"
    __table_args__ = (
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
        CheckConstraint("decision IN ('allow', 'step_up', 'review', 'deny')", name="decision"),
    )

    model_version: Mapped[str] = mapped_column(primary_key=True)
    signup_no: Mapped[int] = mapped_column(Number, ForeignKey("signups.signup_no"), primary_key=True)
    assessment_id: Mapped[str] = mapped_column(primary_key=True)
    score: Mapped[float] = mapped_column(Double)
    decision: Mapped[str]
    scored_us: Mapped[int] = mapped_column(BigInteger)


class DriftReportRow(Base):
    """A measurement of drift; ``document`` is JSON text without personal data. Only the newest is kept."""

    __tablename__ = "drift_reports"

    at_us: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    document: Mapped[str]
