"""The first tables: sign-ups, assessments, links, idempotency keys, the audit record, API keys, policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "probes", "policies", "api_keys", "audit_seals", "audit_entries", "idempotency_keys", "links", "assessments",
    "signups",
)  # fmt: skip


def upgrade() -> None:
    """Create every table."""
    _signups()
    _assessments()
    _links()
    _idempotency_keys()
    _audit()
    _api_keys_and_policies()
    _probes()


def downgrade() -> None:
    """Drop every table."""
    for table in _TABLES:
        op.drop_table(table)


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _signups() -> None:
    op.create_table(
        "signups",
        sa.Column("signup_no", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("signup_id", sa.String(), nullable=False),
        sa.Column("account_type", sa.SmallInteger(), nullable=False),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.Column("encryption_version", sa.SmallInteger(), nullable=False),
        sa.Column("pseudonym_version", sa.SmallInteger(), nullable=False),
        sa.Column("record_only", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("signup_no", name="pk_signups"),
        sa.UniqueConstraint("id", name="uq_signups_id"),
        sa.UniqueConstraint("owner", "signup_id", name="uq_signups_owner_signup_id"),
        sa.CheckConstraint("account_type IN (1, 2)", name=op.f("ck_signups_account_type")),
        sa.CheckConstraint("length(fingerprint) = 32", name=op.f("ck_signups_fingerprint")),
    )
    op.create_index("ix_signups_recorded_us_signup_no", "signups", ["recorded_us", "signup_no"])


def _assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("signup_no", _NUMBER, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("decided_us", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("signals", sa.String(), nullable=False),
        sa.Column("linkage", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary()),
        sa.Column("model_version", sa.String()),
        sa.Column("model_sha256", sa.String()),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("degraded", sa.Boolean(), nullable=False),
        sa.Column("degraded_reason", sa.String()),
        sa.PrimaryKeyConstraint("signup_no", "id", name="pk_assessments"),
        sa.ForeignKeyConstraint(["signup_no"], ["signups.signup_no"], name="fk_assessments_signup_no"),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_assessments_score")),
        sa.CheckConstraint("decision IN ('allow', 'step_up', 'review', 'deny')", name=op.f("ck_assessments_decision")),
        sa.CheckConstraint("(model_version IS NULL) = (model_sha256 IS NULL)", name=op.f("ck_assessments_model")),
    )


def _links() -> None:
    columns = (
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.Column("signup_no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger()),
        sa.Column("account_type", sa.SmallInteger(), nullable=False),
    )
    if not _on_postgresql():
        key = sa.PrimaryKeyConstraint("digest", "recorded_us", "signup_no", name="pk_links")
        op.create_table("links", *columns, key, sqlite_with_rowid=False)
        return
    op.create_table("links", *columns)
    # With the other columns in the key's index the newest links are read from the index alone, as long as
    # vacuum keeps the visibility map fresh: hence sooner than by default after inserts.
    op.execute(
        "ALTER TABLE links ADD CONSTRAINT pk_links PRIMARY KEY (digest, recorded_us, signup_no) "
        "INCLUDE (occurred_us, counted, account_type)"
    )
    op.execute(
        "ALTER TABLE links SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)"
    )


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("claimed_us", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key_digest", name="pk_idempotency_keys"),
        sa.CheckConstraint(
            "(state = 'running' AND status IS NULL AND body IS NULL)"
            " OR (state = 'answered' AND status IS NOT NULL AND body IS NOT NULL)",
            name=op.f("ck_idempotency_keys_state"),
        ),
    )
    op.create_index("ix_idempotency_keys_claimed_us", "idempotency_keys", ["claimed_us"])


def _audit() -> None:
    transaction = sa.text("(pg_current_xact_id()::text)::bigint") if _on_postgresql() else sa.text("0")
    op.create_table(
        "audit_entries",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), server_default=transaction, nullable=False),
        sa.Column("seal_no", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_subject_id", "audit_entries", ["subject", "id"])
    op.create_index("ix_audit_entries_seal_no_id", "audit_entries", ["seal_no", "id"])
    op.create_table(
        "audit_seals",
        sa.Column("seal_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_us", sa.BigInteger(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seal_no", name="pk_audit_seals"),
        sa.CheckConstraint("entries > 0 AND first_id <= last_id", name=op.f("ck_audit_seals_range")),
        sa.CheckConstraint("length(previous) = 32 AND length(digest) = 32", name=op.f("ck_audit_seals_digests")),
    )


def _api_keys_and_policies() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("revoked_us", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("activated_us", sa.BigInteger()),
        sa.PrimaryKeyConstraint("version", name="pk_policies"),
        sa.CheckConstraint("version > 0", name=op.f("ck_policies_version")),
    )


def _probes() -> None:
    op.create_table(
        "probes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_probes"),
        sa.CheckConstraint("id = 1", name=op.f("ck_probes_id")),
    )
