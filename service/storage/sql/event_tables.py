"""The outbox: events written with what caused them, delivered afterwards."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number


class EventRow(Base):
    """One event for the sign-up flow. Appended in the transaction of what happened; ``payload`` is JSON text.

    ``fanned_us`` is when it was queued for its owner's endpoints. A mark on each event, and not the number of the
    last one, because PostgreSQL gives numbers before transactions commit: a later number may be visible first.
    """

    __tablename__ = "events"
    __table_args__ = (Index(None, "subject", "event_no"), Index(None, "fanned_us", "due_us"))

    event_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str]
    type: Mapped[str]
    owner: Mapped[str]
    subject: Mapped[str]
    occurred_us: Mapped[int] = mapped_column(BigInteger)
    due_us: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[str]
    fanned_us: Mapped[int | None] = mapped_column(BigInteger)
