"""Webhook endpoints, and the deliveries of events to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class WebhookEndpointRow(Base):
    """One endpoint. ``sealed`` is its URL and its secrets, encrypted; ``types`` are words with spaces between."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index(None, "owner"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    description: Mapped[str]
    types: Mapped[str | None]
    active: Mapped[bool]
    sealed: Mapped[bytes]
    encryption_version: Mapped[int] = mapped_column(SmallInteger)
    created_us: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]


class WebhookDeliveryRow(Base):
    """One event on its way to one endpoint. While an attempt runs, ``next_us`` is the end of its lease."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'delivered', 'dead')", name="state"),
        CheckConstraint("(state = 'pending') = (finished_us IS NULL)", name="finished"),
        Index(None, "endpoint_id", "state", "next_us"),
        Index(None, "event_no"),
        Index(None, "finished_us"),
    )

    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), primary_key=True)
    event_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str]
    attempts: Mapped[int]
    queued_us: Mapped[int] = mapped_column(BigInteger)
    next_us: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    failure: Mapped[str | None]
    finished_us: Mapped[int | None] = mapped_column(BigInteger)
