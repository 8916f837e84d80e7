"""Reports of requests of hosted pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "page_visits",
        sa.Column("visit_no", NUMBER, autoincrement=True, nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("visit_no", name="pk_page_visits"),
    )
    op.create_index("ix_page_visits_who_at_us", "page_visits", ["who", "at_us"])
    op.create_index("ix_page_visits_at_us", "page_visits", ["at_us"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("page_visits")
