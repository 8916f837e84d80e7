"""Likenesses of banned accounts: a typed row."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base


class LikenessRow(Base):
    """What the banned of some days had in common, and how long it held.

    ``weights`` holds the habits, a byte for the kind, sixteen for the digest and a float of four each; it is empty
    once the next likeness was drawn.
    """

    __tablename__ = "likenesses"
    __table_args__ = (Index(None, "until_us"),)

    likeness_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str]
    weights: Mapped[bytes]
    absent: Mapped[float] = mapped_column(Double)
    banned: Mapped[int] = mapped_column(BigInteger)
    before_no: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    line: Mapped[float] = mapped_column(Double)
    back_line: Mapped[float] = mapped_column(Double)
    expected_share: Mapped[float] = mapped_column(Double)
    drawn_us: Mapped[int] = mapped_column(BigInteger)
    until_us: Mapped[int] = mapped_column(BigInteger)
