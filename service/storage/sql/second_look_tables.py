"""How far each second look has come: a typed row."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class SecondLookRow(Base):
    """The last sign-up that was looked at so many seconds after it was recorded."""

    __tablename__ = "second_looks"

    after_s: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    recorded_us: Mapped[int] = mapped_column(BigInteger)
    signup_no: Mapped[int] = mapped_column(BigInteger)
