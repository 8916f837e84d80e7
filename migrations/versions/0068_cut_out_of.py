"""Which cluster an identifier was cut out of, so that the worker looks at it again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of earlier cuts it stays empty."""
    op.add_column("guards", sa.Column("cluster_no", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("guards", "cluster_no")
