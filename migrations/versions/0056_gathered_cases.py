"""Cases of one cluster stand behind one of them; the indexes of the queue hold only what it shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

_UNRESOLVED = "state <> 'resolved'"
_QUEUED = "state <> 'resolved' AND behind IS NULL"
_LISTED = [
    "rank", "case_no", "state", "queue", "owner", "kind", "account_type", "reasons", "risk", "size", "opened_us",
    "due_us", "holder", "reserved_for", "lease_us", "snoozed_us", "barred",
]  # fmt: skip
_OF_THE_QUEUE = {
    "ix_cases_unresolved_listed": _LISTED,
    "ix_cases_unresolved_risk": ["risk", "case_no"],
    "ix_cases_unresolved_age": ["opened_us", "case_no"],
    "ix_cases_unresolved_size": ["size", "case_no"],
    "ix_cases_unresolved_count": ["queue", "state", "lease_us", "due_us", "opened_us"],
    "ix_cases_unresolved_louder": ["louder_us"],
}
_OF_GATHERING = {
    "ix_cases_ungathered": (["case_no"], "state <> 'resolved' AND kind = 'review' AND cluster IS NULL"),
    "ix_cases_followers": (["behind", "queue"], "state <> 'resolved' AND behind IS NOT NULL"),
    "ix_cases_fronts": (["cluster"], "state <> 'resolved' AND behind IS NULL AND cluster IS NOT NULL"),
    "ix_cases_holder": (["holder"], "holder IS NOT NULL"),
}


def upgrade() -> None:
    """Add two columns, and make the indexes narrower."""
    op.add_column("cases", sa.Column("behind", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("cluster", sa.BigInteger(), nullable=True))
    for name, columns in _OF_THE_QUEUE.items():
        op.drop_index(name, "cases")
        _create(name, columns, _QUEUED)
    for name, (columns, condition) in _OF_GATHERING.items():
        _create(name, columns, condition)


def downgrade() -> None:
    """The other way round."""
    for name in _OF_GATHERING:
        op.drop_index(name, "cases")
    for name, columns in _OF_THE_QUEUE.items():
        op.drop_index(name, "cases")
        _create(name, columns, _UNRESOLVED)
    op.drop_column("cases", "cluster")
    op.drop_column("cases", "behind")


def _create(name: str, columns: list[str], condition: str) -> None:
    op.create_index(name, "cases", columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
