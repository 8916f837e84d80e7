"""Members know whether they failed their last proof, and judged clusters how many had."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_FAILING = sa.text("proof = 5")
_NEWEST = """
UPDATE members SET proof = (
    SELECT marks.mark FROM marks
    WHERE marks.signup_no = members.signup_no AND marks.mark IN (4, 5) AND marks.withdrawn_us IS NULL
    ORDER BY marks.known_us DESC, marks.mark DESC LIMIT 1
) WHERE signup_no IN (SELECT signup_no FROM marks WHERE mark IN (4, 5))
"""


def upgrade() -> None:
    """Add both columns, and fill in what the marks say."""
    op.add_column("members", sa.Column("proof", sa.SmallInteger(), nullable=True))
    op.add_column("judged_clusters", sa.Column("failed", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute(_NEWEST)
    op.create_index("ix_members_failing", "members", ["cluster_no"], sqlite_where=_FAILING, postgresql_where=_FAILING)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_members_failing", "members")
    op.drop_column("judged_clusters", "failed")
    op.drop_column("members", "proof")
