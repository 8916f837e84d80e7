"""Whom an OpenID provider must name for a reviewer to be let in: a keyed digest, nothing readable."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that most rows leave empty, and nobody shares."""
    op.add_column("reviewers", sa.Column("identity", sa.LargeBinary(), nullable=True))
    op.create_index("uq_reviewers_identity", "reviewers", ["identity"], unique=True)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("uq_reviewers_identity", "reviewers")
    op.drop_column("reviewers", "identity")
