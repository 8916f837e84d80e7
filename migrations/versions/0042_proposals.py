"""Verdicts on many cases that wait for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "case_proposals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("case_ids", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'declined')", name="ck_case_proposals_state"),
        sa.CheckConstraint("state <> 'approved' OR decided_by <> by", name="ck_case_proposals_second_person"),
        sa.PrimaryKeyConstraint("id", name="pk_case_proposals"),
    )
    op.create_index("ix_case_proposals_state_at_us", "case_proposals", ["state", "at_us"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("case_proposals")
