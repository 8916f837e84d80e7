"""The block, allow and exempt lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "list_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.Column("removed_us", sa.BigInteger(), nullable=True),
        sa.Column("removed_by", sa.String(), nullable=True),
        sa.CheckConstraint("list IN ('block', 'exempt', 'allow')", name="ck_list_entries_list"),
        sa.PrimaryKeyConstraint("id", name="pk_list_entries"),
    )
    op.create_index(
        "uq_list_entries_list_digest",
        "list_entries",
        ["list", "digest"],
        unique=True,
        sqlite_where=sa.text("removed IS NULL"),
        postgresql_where=sa.text("removed IS NULL"),
    )
    op.create_index("ix_list_entries_added", "list_entries", ["added"])
    op.create_index("ix_list_entries_removed", "list_entries", ["removed"])
    op.create_table(
        "list_revisions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_list_revisions_id"),
        sa.PrimaryKeyConstraint("id", name="pk_list_revisions"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("list_revisions")
    op.drop_table("list_entries")
