"""Before which sign-up those came whom a likeness's lines are read off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of those drawn before nothing is known, so the next one finds its own."""
    op.add_column("likenesses", sa.Column("before_no", sa.BigInteger(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("likenesses", "before_no")
