"""The reviewers' queue: cases, the conclusions on them, and notes."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number

UNRESOLVED = "state <> 'resolved'"

QUEUED = "state <> 'resolved' AND behind IS NULL"
"""What the queue shows: of a cluster one case. Its indexes hold nothing else, or a flood would lie first in them."""

LISTED = (
    "rank", "case_no", "state", "queue", "owner", "kind", "account_type", "reasons", "risk", "size", "opened_us",
    "due_us", "holder", "reserved_for", "lease_us", "snoozed_us", "barred",
)  # fmt: skip
"""What the queue is filtered and ordered by. With 100,000 cases a filter that nothing passes takes 27 ms in an index of
all of it, and 200 ms where each case is looked up."""


class CaseRow(Base):
    """A case as it stands; no personal data. Partial indexes stay as small as the queue."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'claimed', 'resolved')", name="state"),
        CheckConstraint("(state = 'claimed') = (holder IS NOT NULL AND lease_us IS NOT NULL)", name="lease"),
        CheckConstraint("(state = 'resolved') = (verdict IS NOT NULL AND resolved_us IS NOT NULL)", name="verdict"),
        CheckConstraint("risk >= 0 AND risk <= 1", name="risk"),
        CheckConstraint("size > 0", name="size"),
        Index(
            "uq_cases_unresolved_subject",
            "owner",
            "subject",
            unique=True,
            sqlite_where=text(UNRESOLVED),
            postgresql_where=text(UNRESOLVED),
        ),
        Index(
            "ix_cases_unresolved_listed",
            *LISTED,
            sqlite_where=text(QUEUED),
            postgresql_where=text(QUEUED),
        ),
        *(
            # The other orders of the queue, and a count of it that reads nothing but the index.
            Index(name, *columns, sqlite_where=text(QUEUED), postgresql_where=text(QUEUED))
            for name, columns in (
                ("ix_cases_unresolved_risk", ("risk", "case_no")),
                ("ix_cases_unresolved_age", ("opened_us", "case_no")),
                ("ix_cases_unresolved_size", ("size", "case_no")),
                ("ix_cases_unresolved_count", ("queue", "state", "lease_us", "due_us", "opened_us")),
            )
        ),
        Index(
            "ix_cases_unresolved_lease",
            "lease_us",
            sqlite_where=text("lease_us IS NOT NULL"),
            postgresql_where=text("lease_us IS NOT NULL"),
        ),
        Index(
            "ix_cases_unresolved_louder",
            "louder_us",
            sqlite_where=text(QUEUED),
            postgresql_where=text(QUEUED),
        ),
        *(
            # What gathering asks: what was not gathered, who stands behind whom, and what is in front of a cluster.
            Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))
            for name, columns, condition in (
                ("ix_cases_ungathered", ("case_no",), f"{UNRESOLVED} AND kind = 'review' AND cluster IS NULL"),
                ("ix_cases_followers", ("behind", "queue"), f"{UNRESOLVED} AND behind IS NOT NULL"),
                ("ix_cases_fronts", ("cluster",), f"{QUEUED} AND cluster IS NOT NULL"),
            )
        ),
        Index(
            "ix_cases_holder",
            "holder",
            sqlite_where=text("holder IS NOT NULL"),
            postgresql_where=text("holder IS NOT NULL"),
        ),
        Index(
            "ix_cases_reserved",
            "reserved_for",
            sqlite_where=text("reserved_for IS NOT NULL"),
            postgresql_where=text("reserved_for IS NOT NULL"),
        ),
        Index(
            "ix_cases_resolved",
            "resolved_us",
            sqlite_where=text("resolved_us IS NOT NULL"),
            postgresql_where=text("resolved_us IS NOT NULL"),
        ),
        Index(None, "record_id"),
    )

    case_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str]
    subject: Mapped[str]
    kind: Mapped[str]
    record_id: Mapped[str | None]
    account_type: Mapped[int] = mapped_column(SmallInteger)
    queue: Mapped[str]
    reason_group: Mapped[str]
    reasons: Mapped[str]
    risk: Mapped[float] = mapped_column(Double)
    size: Mapped[int] = mapped_column(BigInteger)
    rank: Mapped[float] = mapped_column(Double)
    opened_us: Mapped[int] = mapped_column(BigInteger)
    due_us: Mapped[int] = mapped_column(BigInteger)
    louder_us: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    opinions_wanted: Mapped[int] = mapped_column(SmallInteger)
    opinions_given: Mapped[int] = mapped_column(SmallInteger)
    loudness: Mapped[int] = mapped_column(SmallInteger)
    holder: Mapped[str | None]
    lease_us: Mapped[int | None] = mapped_column(BigInteger)
    reserved_for: Mapped[str | None]
    snoozed_us: Mapped[int | None] = mapped_column(BigInteger)
    barred: Mapped[str | None]
    verdict: Mapped[str | None]
    reason_code: Mapped[str | None]
    resolved_us: Mapped[int | None] = mapped_column(BigInteger)
    resolved_by: Mapped[str | None]
    behind: Mapped[str | None]
    cluster: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(BigInteger)


class CaseOpinionRow(Base):
    """One conclusion on a case. Only ``undone_us`` is ever filled in later."""

    __tablename__ = "case_opinions"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        Index(None, "at_us"),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    verdict: Mapped[str]
    reason_code: Mapped[str]
    by: Mapped[str]
    at_us: Mapped[int] = mapped_column(BigInteger)
    final: Mapped[bool]
    before: Mapped[str | None]
    after: Mapped[str | None]
    undone_us: Mapped[int | None] = mapped_column(BigInteger)


class CaseNoteRow(Base):
    """A note, encrypted: people write names into notes."""

    __tablename__ = "case_notes"
    __table_args__ = (Index(None, "case_id", "note_no"),)

    note_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    at_us: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str]
    personal: Mapped[bytes]
    encryption_version: Mapped[int] = mapped_column(SmallInteger)
