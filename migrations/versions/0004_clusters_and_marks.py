"""Clusters with their members, guards, and what is known of identifiers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TRAITS = ("network", "email_domain", "email_pattern", "device", "payment", "institution", "name")


def upgrade() -> None:
    """Add tables; sign-ups that are recorded already become members when the worker comes to them."""
    _clusters()
    _members()
    _marks()


def downgrade() -> None:
    """Drop what was added."""
    for table in ("marks", "guards", "pending_joins", "merges", "anchors", "members", "clusters"):
        op.drop_table(table)


def _clusters() -> None:
    op.create_table(
        "clusters",
        sa.Column("cluster_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root_no", sa.BigInteger(), nullable=False),
        sa.Column("founded_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cluster_no", name="pk_clusters"),
    )
    merged = sa.text("root_no <> cluster_no")
    op.create_index("ix_clusters_merged", "clusters", ["root_no"], postgresql_where=merged, sqlite_where=merged)
    op.create_table(
        "anchors",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("cluster_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_anchors"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "merges",
        sa.Column("cluster_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("into_no", sa.BigInteger(), nullable=False),
        sa.Column("signup_no", sa.BigInteger(), nullable=False),
        sa.Column("merged_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cluster_no", name="pk_merges"),
    )
    op.create_index("ix_merges_into_no", "merges", ["into_no"])
    op.create_table(
        "pending_joins",
        sa.Column("signup_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("clusters", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("signup_no", name="pk_pending_joins"),
    )


def _members() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "members",
        sa.Column("signup_no", number, autoincrement=False, nullable=False),
        sa.Column("cluster_no", sa.BigInteger(), nullable=False),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("identifiers", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in _TRAITS),
        sa.Column("label", sa.SmallInteger()),
        sa.Column("label_us", sa.BigInteger()),
        sa.PrimaryKeyConstraint("signup_no", name="pk_members"),
        sa.CheckConstraint("label IN (1, 3)", name=op.f("ck_members_label")),
        sa.CheckConstraint("(label IS NULL) = (label_us IS NULL)", name=op.f("ck_members_labelled")),
    )
    op.create_index("ix_members_cluster_no_signup_no", "members", ["cluster_no", "signup_no"])
    labelled = sa.text("label IS NOT NULL")
    op.create_index(
        "ix_members_labelled",
        "members",
        ["cluster_no", "label", "label_us"],
        postgresql_where=labelled,
        sqlite_where=labelled,
    )


def _marks() -> None:
    op.create_table(
        "guards",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger()),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_guards"),
        sa.CheckConstraint("state IN (1, 2, 3, 4)", name=op.f("ck_guards_state")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "marks",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("known_us", sa.BigInteger(), nullable=False),
        sa.Column("signup_no", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("withdrawn_us", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", "channel", "known_us", "signup_no", "mark", name="pk_marks"),
        sa.CheckConstraint("mark BETWEEN 1 AND 5", name=op.f("ck_marks_mark")),
        sa.CheckConstraint("channel = CASE WHEN mark <= 2 THEN 0 ELSE 1 END", name=op.f("ck_marks_channel")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_marks_signup", "marks", ["signup_no", "mark"])
    if op.get_bind().dialect.name == "postgresql":
        # Marks are read from the key's index alone.
        op.execute("ALTER TABLE marks DROP CONSTRAINT pk_marks")
        op.execute(
            "ALTER TABLE marks ADD CONSTRAINT pk_marks PRIMARY KEY (digest, channel, known_us, signup_no, mark) "
            "INCLUDE (withdrawn_us)"
        )
