"""One index that answers every filter of the queue by itself, in the order of urgency, in place of the order alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_UNRESOLVED = sa.text("state <> 'resolved'")
_LISTED = [
    "rank", "case_no", "state", "queue", "owner", "kind", "account_type", "reasons", "risk", "size", "opened_us",
    "due_us", "holder", "reserved_for", "lease_us", "snoozed_us", "barred",
]  # fmt: skip


def upgrade() -> None:
    """Add it, then drop the narrower one that it makes superfluous."""
    _create("ix_cases_unresolved_listed", _LISTED)
    op.drop_index("ix_cases_unresolved_rank", "cases")


def downgrade() -> None:
    """The other way round."""
    _create("ix_cases_unresolved_rank", _LISTED[:2])
    op.drop_index("ix_cases_unresolved_listed", "cases")


def _create(name: str, columns: list[str]) -> None:
    op.create_index(name, "cases", columns, sqlite_where=_UNRESOLVED, postgresql_where=_UNRESOLVED)
