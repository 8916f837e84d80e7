"""Which bans are looked back from once more, because something was learnt that they touch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. A ban that was due when the row was taken away is so still: it has none."""
    op.add_column("look_backs", sa.Column("again_us", sa.BigInteger(), nullable=True))
    op.add_column("look_backs", sa.Column("reached_us", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop both; what is due again loses its row, which says the same."""
    op.execute("DELETE FROM look_backs WHERE again_us IS NOT NULL AND corrected_us IS NULL")
    op.drop_column("look_backs", "reached_us")
    op.drop_column("look_backs", "again_us")
