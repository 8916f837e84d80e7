"""The index that lists a cluster's members says when each signed up, so that growth is read from it alone."""

from __future__ import annotations

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

_NARROW, _WIDE = "ix_members_cluster_no_signup_no", "ix_members_newest"


def upgrade() -> None:
    """The wider one in place of the narrower."""
    op.create_index(_WIDE, "members", ["cluster_no", "signup_no", "occurred_us"])
    op.drop_index(_NARROW, "members")


def downgrade() -> None:
    """The other way round."""
    op.create_index(_NARROW, "members", ["cluster_no", "signup_no"])
    op.drop_index(_WIDE, "members")
