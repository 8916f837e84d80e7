"""Containments with the members they touch, how clusters looked when judged, watches, and bans looked back from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables."""
    _containments()
    _after_bans()


def downgrade() -> None:
    """Drop what was added."""
    for table in ("look_backs", "watches", "judged_clusters", "contained", "containments"):
        op.drop_table(table)


def _containments() -> None:
    op.create_table(
        "containments",
        sa.Column("containment_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cluster_no", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("core", sa.BigInteger(), nullable=False),
        sa.Column("leaves", sa.BigInteger(), nullable=False),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("confirmed_us", sa.BigInteger()),
        sa.Column("confirmed_by", sa.String()),
        sa.Column("released_us", sa.BigInteger()),
        sa.Column("released_by", sa.String()),
        sa.PrimaryKeyConstraint("containment_no", name="pk_containments"),
        sa.CheckConstraint("state IN ('pending', 'standing', 'released')", name=op.f("ck_containments_state")),
        sa.CheckConstraint("(state = 'released') = (released_us IS NOT NULL)", name=op.f("ck_containments_released")),
    )
    op.create_index("ix_containments_cluster_no", "containments", ["cluster_no"])
    op.create_table(
        "contained",
        sa.Column("containment_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signup_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("ties", sa.String(), nullable=False),
        sa.Column("progress", sa.SmallInteger(), nullable=False),
        sa.Column("before_id", sa.String()),
        sa.Column("made_id", sa.String()),
        sa.PrimaryKeyConstraint("containment_no", "signup_no", name="pk_contained"),
        sa.CheckConstraint("role IN ('core', 'leaf')", name=op.f("ck_contained_role")),
        sa.CheckConstraint("progress BETWEEN 1 AND 5", name=op.f("ck_contained_progress")),
    )
    op.create_index("ix_contained_signup_no", "contained", ["signup_no"])
    to_do = sa.text("progress IN (1, 4)")
    op.create_index(
        "ix_contained_to_do",
        "contained",
        ["containment_no", "signup_no"],
        postgresql_where=to_do,
        sqlite_where=to_do,
    )
    op.create_table(
        "judged_clusters",
        sa.Column("cluster_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("frauds", sa.BigInteger(), nullable=False),
        sa.Column("newest_fraud_us", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("judged_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cluster_no", name="pk_judged_clusters"),
    )


def _after_bans() -> None:
    op.create_table(
        "watches",
        sa.Column("watch_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cluster_no", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.Column("expected_share", sa.Double(), nullable=False),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("watch_no", name="pk_watches"),
    )
    op.create_index("ix_watches_until_us", "watches", ["until_us"])
    op.create_table(
        "look_backs",
        sa.Column("signup_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("known_us", sa.BigInteger(), nullable=False),
        sa.Column("done_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("signup_no", name="pk_look_backs"),
    )
