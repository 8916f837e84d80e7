"""Attacks, whom they touch, and how far the watch for them has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables; decisions that are sealed already are past and not looked at."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "attacks",
        sa.Column("attack_no", number, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger()),
        sa.Column("first_seen_us", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_us", sa.BigInteger(), nullable=False),
        sa.Column("signups", sa.Integer(), nullable=False),
        sa.Column("surprise", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("attack_no", name="pk_attacks"),
        sa.UniqueConstraint("id", name="uq_attacks_id"),
        sa.CheckConstraint("first_seen_us <= last_seen_us AND signups > 0", name=op.f("ck_attacks_seen")),
    )
    goes_on = sa.text("ended_us IS NULL")
    op.create_index(
        "ix_attacks_open", "attacks", ["digest"], unique=True, postgresql_where=goes_on, sqlite_where=goes_on
    )
    op.create_table(
        "attack_owners",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("attack_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "attack_id", name="pk_attack_owners"),
    )
    op.create_index("ix_attack_owners_attack_id", "attack_owners", ["attack_id"])
    op.create_table(
        "attack_sights",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("signup_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("surprise", sa.SmallInteger(), nullable=False),
        sa.Column("another_sign", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "signup_no", name="pk_attack_sights"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attack_sights_at_us", "attack_sights", ["at_us"])
    op.create_table(
        "attack_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seal_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attack_watch"),
        sa.CheckConstraint("id = 1", name=op.f("ck_attack_watch_id")),
    )
    op.execute("INSERT INTO attack_watch (id, seal_no) SELECT 1, coalesce(max(seal_no), 0) FROM audit_seals")


def downgrade() -> None:
    """Drop them."""
    for table in ("attack_watch", "attack_sights", "attack_owners", "attacks"):
        op.drop_table(table)
