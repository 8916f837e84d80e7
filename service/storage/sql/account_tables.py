"""What callers reported of the accounts behind sign-ups."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number


class SignupAccountRow(Base):
    """What became of one sign-up. ``sealed`` is the caller's id of the account, encrypted like what a person told."""

    __tablename__ = "signup_accounts"
    __table_args__ = (
        CheckConstraint("status IN ('created', 'not_created')", name="status"),
        CheckConstraint("(status = 'created') = (sealed IS NOT NULL)", name="sealed"),
    )

    signup_no: Mapped[int] = mapped_column(
        Number, ForeignKey("signups.signup_no"), primary_key=True, autoincrement=False
    )
    status: Mapped[str]
    sealed: Mapped[bytes | None]
    encryption_version: Mapped[int | None] = mapped_column(SmallInteger)
    at_us: Mapped[int] = mapped_column(BigInteger)
    reported_us: Mapped[int] = mapped_column(BigInteger)
