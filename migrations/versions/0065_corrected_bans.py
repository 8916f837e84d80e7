"""Which bans were corrected after they were looked back from, so that what followed from them is undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and an index of the few that are due. What was corrected before stays as it was left."""
    op.add_column("look_backs", sa.Column("corrected_us", sa.BigInteger(), nullable=True))
    due = sa.text("corrected_us IS NOT NULL")
    op.create_index("ix_look_backs_corrected", "look_backs", ["corrected_us"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_look_backs_corrected", "look_backs")
    op.drop_column("look_backs", "corrected_us")
