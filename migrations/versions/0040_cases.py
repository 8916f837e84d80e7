"""The reviewers' queue: cases, conclusions and notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "cases",
        sa.Column("case_no", number, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=True),
        sa.Column("account_type", sa.SmallInteger(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("reason_group", sa.String(), nullable=False),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("risk", sa.Double(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Double(), nullable=False),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("louder_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opinions_wanted", sa.SmallInteger(), nullable=False),
        sa.Column("opinions_given", sa.SmallInteger(), nullable=False),
        sa.Column("loudness", sa.SmallInteger(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("lease_us", sa.BigInteger(), nullable=True),
        sa.Column("reserved_for", sa.String(), nullable=True),
        sa.Column("snoozed_us", sa.BigInteger(), nullable=True),
        sa.Column("barred", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("resolved_us", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'claimed', 'resolved')", name="ck_cases_state"),
        sa.CheckConstraint(
            "(state = 'claimed') = (holder IS NOT NULL AND lease_us IS NOT NULL)", name="ck_cases_lease"
        ),
        sa.CheckConstraint(
            "(state = 'resolved') = (verdict IS NOT NULL AND resolved_us IS NOT NULL)", name="ck_cases_verdict"
        ),
        sa.CheckConstraint("risk >= 0 AND risk <= 1", name="ck_cases_risk"),
        sa.CheckConstraint("size > 0", name="ck_cases_size"),
        sa.PrimaryKeyConstraint("case_no", name="pk_cases"),
        sa.UniqueConstraint("id", name="uq_cases_id"),
    )
    unresolved, leased = sa.text("state <> 'resolved'"), sa.text("lease_us IS NOT NULL")
    reserved, resolved = sa.text("reserved_for IS NOT NULL"), sa.text("resolved_us IS NOT NULL")
    for name, columns, unique, where in (
        ("uq_cases_unresolved_subject", ["owner", "subject"], True, unresolved),
        ("ix_cases_unresolved_rank", ["rank", "case_no"], False, unresolved),
        ("ix_cases_unresolved_risk", ["risk", "case_no"], False, unresolved),
        ("ix_cases_unresolved_age", ["opened_us", "case_no"], False, unresolved),
        ("ix_cases_unresolved_size", ["size", "case_no"], False, unresolved),
        ("ix_cases_unresolved_count", ["queue", "state", "lease_us", "due_us", "opened_us"], False, unresolved),
        ("ix_cases_unresolved_lease", ["lease_us"], False, leased),
        ("ix_cases_unresolved_louder", ["louder_us"], False, unresolved),
        ("ix_cases_reserved", ["reserved_for"], False, reserved),
        ("ix_cases_resolved", ["resolved_us"], False, resolved),
    ):
        op.create_index(name, "cases", columns, unique=unique, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_cases_record_id", "cases", ["record_id"])
    op.create_table(
        "case_opinions",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("undone_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("version > 0", name="ck_case_opinions_version"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_opinions_case_id"),
        sa.PrimaryKeyConstraint("case_id", "version", name="pk_case_opinions"),
    )
    op.create_index("ix_case_opinions_at_us", "case_opinions", ["at_us"])
    op.create_table(
        "case_notes",
        sa.Column("note_no", number, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.Column("encryption_version", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_notes_case_id"),
        sa.PrimaryKeyConstraint("note_no", name="pk_case_notes"),
    )
    op.create_index("ix_case_notes_case_id_note_no", "case_notes", ["case_id", "note_no"])


def downgrade() -> None:
    """Drop them."""
    for table in ("case_notes", "case_opinions", "cases"):
        op.drop_table(table)
