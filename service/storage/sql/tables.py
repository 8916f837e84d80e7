"""The tables of sign-ups, keys, policies and the audit record: typed rows whose constraints state the invariants."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, SmallInteger, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.sql.base import Base, Number


class SignupRow(Base):
    """A recorded sign-up. Everything personal is in ``personal``, encrypted; times are microseconds since 1970."""

    __tablename__ = "signups"
    __table_args__ = (
        Unique("owner", "signup_id"),
        CheckConstraint("account_type IN (1, 2)", name="account_type"),
        CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
        Index(None, "recorded_us", "signup_no"),
    )

    signup_no: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str]
    signup_id: Mapped[str]
    account_type: Mapped[int] = mapped_column(SmallInteger)
    occurred_us: Mapped[int] = mapped_column(BigInteger)
    recorded_us: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[bytes]
    personal: Mapped[bytes]
    encryption_version: Mapped[int] = mapped_column(SmallInteger)
    pseudonym_version: Mapped[int] = mapped_column(SmallInteger)
    record_only: Mapped[bool]
    answer: Mapped[bytes]


class AssessmentRow(Base):
    """One look at a sign-up; never updated. Lists and documents are JSON text without personal data."""

    __tablename__ = "assessments"
    __table_args__ = (
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
        CheckConstraint("decision IN ('allow', 'step_up', 'review', 'deny')", name="decision"),
        CheckConstraint("(model_version IS NULL) = (model_sha256 IS NULL)", name="model"),
    )

    signup_no: Mapped[int] = mapped_column(Number, ForeignKey("signups.signup_no"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    decided_us: Mapped[int] = mapped_column(BigInteger)
    decision: Mapped[str]
    score: Mapped[float | None] = mapped_column(Double)
    reasons: Mapped[str]
    rules: Mapped[str]
    signals: Mapped[str]
    linkage: Mapped[str]
    vector: Mapped[bytes | None]
    model_version: Mapped[str | None]
    model_sha256: Mapped[str | None]
    policy_version: Mapped[int]
    degraded: Mapped[bool]
    degraded_reason: Mapped[str | None]
    ruling: Mapped[str | None]


class LinkRow(Base):
    """One identifier of one sign-up, as a keyed digest.

    The primary key is the order in which the newest links are read. On SQLite the table is that tree and
    nothing else; on PostgreSQL the migration adds the remaining columns to the key's index, so that it
    answers alone. ``signup_no`` has no foreign key: eighteen of them a sign-up would cost more than the links,
    and both rows are written by one statement or transaction. ``packed`` is what is counted in links; see
    ``link_columns``.
    """

    __tablename__ = "links"
    __table_args__ = ({"sqlite_with_rowid": False},)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    recorded_us: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    signup_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    occurred_us: Mapped[int] = mapped_column(BigInteger)
    packed: Mapped[bytes]


class RollUpRow(Base):
    """One roll-up: the UTC days of recording it took in, counted from 1970, ``until_day`` excluded.

    Each begins where another ended, so that no day is counted twice whoever works at the same time.
    """

    __tablename__ = "roll_ups"
    __table_args__ = (Unique("from_day"), CheckConstraint("from_day < until_day", name="span"))

    until_day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_day: Mapped[int]


class DailyCountRow(Base):
    """How many links of one digest occurred on one UTC day, as one roll-up found them; never updated.

    A day gets a second row when sign-ups of it are recorded after it was rolled up.
    """

    __tablename__ = "daily_counts"
    __table_args__ = (CheckConstraint("count > 0", name="count"), {"sqlite_with_rowid": False})

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until_day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    count: Mapped[int] = mapped_column(BigInteger)


class IdempotencyKeyRow(Base):
    """A claimed Idempotency-Key, by the digest of owner and key; answered once, in the request's transaction."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint(
            "(state = 'running' AND status IS NULL AND body IS NULL)"
            " OR (state = 'answered' AND status IS NOT NULL AND body IS NOT NULL)",
            name="state",
        ),
        Index(None, "claimed_us"),
    )

    owner: Mapped[str] = mapped_column(primary_key=True)
    key_digest: Mapped[bytes] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    state: Mapped[str]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[bytes | None]
    claimed_us: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str]


class AuditEntryRow(Base):
    """Who did what. Appended in the transaction of the deed; sealing fills ``seal_no``, nothing else ever changes.

    ``transaction_id`` is PostgreSQL's number of the writing transaction (0 on SQLite, which has one writer):
    ids are given before commit, so only entries of transactions that can no longer be running are sealed.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "subject", "id"),
        Index(None, "seal_no", "id"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    at_us: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
    transaction_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    seal_no: Mapped[int | None] = mapped_column(BigInteger)


class AuditSealRow(Base):
    """One link of the hash chain over the audit entries."""

    __tablename__ = "audit_seals"
    __table_args__ = (
        CheckConstraint("entries > 0 AND first_id <= last_id", name="range"),
        CheckConstraint("length(previous) = 32 AND length(digest) = 32", name="digests"),
    )

    seal_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sealed_us: Mapped[int] = mapped_column(BigInteger)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]
    previous: Mapped[bytes]
    digest: Mapped[bytes]


class ApiKeyRow(Base):
    """An API key by the digest of its secret; ``scopes`` are words with spaces between."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner: Mapped[str]
    scopes: Mapped[str]
    secret_digest: Mapped[bytes]
    created_us: Mapped[int] = mapped_column(BigInteger)
    revoked_us: Mapped[int | None] = mapped_column(BigInteger)


class PolicyRow(Base):
    """One version of the policy document; ``activated_us`` is when it last came into force."""

    __tablename__ = "policies"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str]
    created_us: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str]
    reason: Mapped[str]
    activated_us: Mapped[int | None] = mapped_column(BigInteger)


class ProbeRow(Base):
    """The one row that readiness checks write, because reading stays possible on a full disk."""

    __tablename__ = "probes"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_us: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes]
