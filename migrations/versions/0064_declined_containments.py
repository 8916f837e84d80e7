"""Whether a containment was declined before anybody confirmed it, so that it is not taken for one that was released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Of what was released unconfirmed so far nobody can tell: it counts as released."""
    op.add_column("containments", sa.Column("declined", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("containments", "declined")
