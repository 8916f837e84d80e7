"""Near which accounts a correction is put off, so that the worker finds when nothing stands in its way any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

_MAY_WAIT = """
UPDATE look_backs SET put_off_us = done_us
WHERE corrected_us IS NULL
  AND NOT EXISTS (SELECT 1 FROM members WHERE members.signup_no = look_backs.signup_no AND members.label = 1)
"""
"""Of what was corrected before nobody wrote down whether it waits: each is looked at once more, which changes nothing
where nothing was left undone."""


def upgrade() -> None:
    """Add the column, and an index of the few that wait."""
    op.add_column("look_backs", sa.Column("put_off_us", sa.BigInteger(), nullable=True))
    op.execute(_MAY_WAIT)
    waiting = sa.text("put_off_us IS NOT NULL")
    op.create_index(
        "ix_look_backs_put_off", "look_backs", ["signup_no"], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_look_backs_put_off", "look_backs")
    op.drop_column("look_backs", "put_off_us")
