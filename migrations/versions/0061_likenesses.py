"""What banned accounts have in common, and from which line on newcomers are asked who resemble them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "likenesses",
        sa.Column("likeness_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("absent", sa.Double(), nullable=False),
        sa.Column("banned", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Double(), nullable=False),
        sa.Column("back_line", sa.Double(), nullable=False),
        sa.Column("expected_share", sa.Double(), nullable=False),
        sa.Column("drawn_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("likeness_no", name=op.f("pk_likenesses")),
    )
    op.create_index(op.f("ix_likenesses_until_us"), "likenesses", ["until_us"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_likenesses_until_us"), "likenesses")
    op.drop_table("likenesses")
