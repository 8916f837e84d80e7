"""Outcomes: what turned out to be true of sign-ups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "outcomes",
        sa.Column("signup_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("grade", sa.String()),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("signup_no", "ordinal", name="pk_outcomes"),
        sa.CheckConstraint("label IN ('fraud', 'legitimate', 'unknown')", name=op.f("ck_outcomes_label")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_outcomes_confidence")),
        sa.CheckConstraint("grade IN ('A', 'B', 'C', 'D', 'E')", name=op.f("ck_outcomes_grade")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("outcomes")
