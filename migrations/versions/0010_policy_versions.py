"""Which policy was in force when, what back-tests found, what rulings say beside the decision, and probations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables and one column; what was activated before stays in force."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "policy_activations",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("beneath", sa.Integer(), nullable=True),
        sa.Column("rolled_back", sa.Integer(), nullable=True),
        sa.CheckConstraint("beneath < number", name="ck_policy_activations_beneath"),
        sa.ForeignKeyConstraint(["version"], ["policies.version"], name="fk_policy_activations_version"),
        sa.PrimaryKeyConstraint("number", name="pk_policy_activations"),
    )
    op.execute(
        "INSERT INTO policy_activations (number, version, at_us, by, reason, beneath) "
        "SELECT version, version, activated_us, created_by, reason, "
        "(SELECT max(earlier.version) FROM policies AS earlier "
        "WHERE earlier.version < policies.version AND earlier.activated_us IS NOT NULL) "
        "FROM policies WHERE activated_us IS NOT NULL"
    )
    op.create_table(
        "policy_backtests",
        sa.Column("backtest_no", number, autoincrement=True, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("against", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("large", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["policies.version"], name="fk_policy_backtests_version"),
        sa.PrimaryKeyConstraint("backtest_no", name="pk_policy_backtests"),
    )
    op.create_index("ix_policy_backtests_version_backtest_no", "policy_backtests", ["version", "backtest_no"])
    op.add_column("assessments", sa.Column("ruling", sa.String(), nullable=True))
    op.create_table(
        "probations",
        sa.Column("signup_no", number, nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["signup_no"], ["signups.signup_no"], name="fk_probations_signup_no"),
        sa.PrimaryKeyConstraint("signup_no", name="pk_probations"),
    )
    op.create_index("ix_probations_ended_us_until_us", "probations", ["ended_us", "until_us"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("probations")
    op.drop_column("assessments", "ruling")
    op.drop_table("policy_backtests")
    op.drop_table("policy_activations")
