"""Anomalies on links, and the daily roll-ups that bursts are measured against."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one column and two tables; what ran before goes on running."""
    op.add_column("links", sa.Column("anomalies", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "roll_ups",
        sa.Column("until_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("until_day", name="pk_roll_ups"),
        sa.UniqueConstraint("from_day", name="uq_roll_ups_from_day"),
        sa.CheckConstraint("from_day < until_day", name=op.f("ck_roll_ups_span")),
    )
    op.create_table(
        "daily_counts",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("until_day", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "day", "until_day", name="pk_daily_counts"),
        sa.CheckConstraint("count > 0", name=op.f("ck_daily_counts_count")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # The newest links are read from the key's index alone, so it must hold the new column too. Readers go on
        # while the index is built; writers wait.
        _covering("occurred_us, counted, account_type, anomalies")
        op.execute("ALTER TABLE daily_counts DROP CONSTRAINT pk_daily_counts")
        op.execute(
            "ALTER TABLE daily_counts ADD CONSTRAINT pk_daily_counts PRIMARY KEY (digest, day, until_day) "
            'INCLUDE ("count")'
        )


def downgrade() -> None:
    """Drop what was added."""
    if op.get_bind().dialect.name == "postgresql":
        _covering("occurred_us, counted, account_type")
    op.drop_table("daily_counts")
    op.drop_table("roll_ups")
    op.drop_column("links", "anomalies")


def _covering(columns: str) -> None:
    op.execute(f"CREATE UNIQUE INDEX pk_links_new ON links (digest, recorded_us, signup_no) INCLUDE ({columns})")
    op.execute("ALTER TABLE links DROP CONSTRAINT pk_links")
    op.execute("ALTER TABLE links ADD CONSTRAINT pk_links PRIMARY KEY USING INDEX pk_links_new")
