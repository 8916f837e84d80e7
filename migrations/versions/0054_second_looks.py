"""How far each second look at accounts that were let in has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "second_looks",
        sa.Column("after_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.Column("signup_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("after_s", name="pk_second_looks"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("second_looks")
