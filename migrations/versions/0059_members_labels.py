"""The index of known frauds and good accounts says whose they are, so that a decision reads them from it alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

_NAME, _NARROW = "ix_members_labelled", ["cluster_no", "label", "label_us"]


def upgrade() -> None:
    """The wider one in place of the narrower, under its name."""
    op.drop_index(_NAME, "members")
    _create([*_NARROW, "signup_no"])


def downgrade() -> None:
    """The other way round."""
    op.drop_index(_NAME, "members")
    _create(_NARROW)


def _create(columns: list[str]) -> None:
    labelled = sa.text("label IS NOT NULL")
    op.create_index(_NAME, "members", columns, postgresql_where=labelled, sqlite_where=labelled)
