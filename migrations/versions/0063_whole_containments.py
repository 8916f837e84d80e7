"""Whether a containment was asked for of the whole cluster, so that a second person confirms the very same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. What waits by now may be of everybody: it is confirmed by asking for as much."""
    op.add_column("containments", sa.Column("whole", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(sa.text("UPDATE containments SET whole = true WHERE state = 'pending' AND opened_by <> 'worker'"))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("containments", "whole")
