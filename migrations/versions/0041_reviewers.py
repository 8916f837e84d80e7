"""The console's people: reviewers, their sessions, and failed attempts to sign in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "reviewers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("queues", sa.String(), nullable=False),
        sa.Column("password_digest", sa.String(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("disabled_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('reviewer', 'lead', 'admin')", name="ck_reviewers_role"),
        sa.PrimaryKeyConstraint("name", name="pk_reviewers"),
    )
    op.create_table(
        "reviewer_sessions",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("began_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(token_digest) = 32", name="ck_reviewer_sessions_token_digest"),
        sa.ForeignKeyConstraint(["reviewer"], ["reviewers.name"], name="fk_reviewer_sessions_reviewer"),
        sa.PrimaryKeyConstraint("token_digest", name="pk_reviewer_sessions"),
    )
    op.create_index("ix_reviewer_sessions_reviewer", "reviewer_sessions", ["reviewer"])
    op.create_index("ix_reviewer_sessions_began_us", "reviewer_sessions", ["began_us"])
    op.create_table(
        "sign_in_failures",
        sa.Column("failure_no", number, autoincrement=True, nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("failure_no", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_who_at_us", "sign_in_failures", ["who", "at_us"])
    op.create_index("ix_sign_in_failures_at_us", "sign_in_failures", ["at_us"])


def downgrade() -> None:
    """Drop them."""
    for table in ("sign_in_failures", "reviewer_sessions", "reviewers"):
        op.drop_table(table)
