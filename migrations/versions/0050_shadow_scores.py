"""Challengers in the shadow and their scores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "shadows",
        sa.Column("shadow_no", number, autoincrement=True, nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("model_sha256", sa.String(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("stopped_us", sa.BigInteger(), nullable=True),
        sa.Column("seal_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shadow_no", name="pk_shadows"),
    )
    running = sa.text("stopped_us IS NULL")
    op.create_index(
        "uq_shadows_running", "shadows", ["model_version"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "shadow_scores",
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("signup_no", number, nullable=False),
        sa.Column("assessment_id", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("scored_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_shadow_scores_score")),
        sa.CheckConstraint(
            "decision IN ('allow', 'step_up', 'review', 'deny')", name=op.f("ck_shadow_scores_decision")
        ),
        sa.ForeignKeyConstraint(["signup_no"], ["signups.signup_no"], name="fk_shadow_scores_signup_no"),
        sa.PrimaryKeyConstraint("model_version", "signup_no", "assessment_id", name="pk_shadow_scores"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("shadow_scores")
    op.drop_table("shadows")
