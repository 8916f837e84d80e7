"""Webhooks: endpoints, deliveries, and a mark on the events that were queued for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables, and a column to the outbox."""
    op.add_column("events", sa.Column("fanned_us", sa.BigInteger()))
    op.create_index("ix_events_fanned_us_due_us", "events", ["fanned_us", "due_us"])
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("types", sa.String()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("encryption_version", sa.SmallInteger(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_owner", "webhook_endpoints", ["owner"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("endpoint_id", sa.String(), nullable=False),
        sa.Column("event_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_us", sa.BigInteger(), nullable=False),
        sa.Column("next_us", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("failure", sa.String()),
        sa.Column("finished_us", sa.BigInteger()),
        sa.PrimaryKeyConstraint("endpoint_id", "event_no", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name="fk_webhook_deliveries_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'dead')", name=op.f("ck_webhook_deliveries_state")),
        sa.CheckConstraint("(state = 'pending') = (finished_us IS NULL)", name=op.f("ck_webhook_deliveries_finished")),
    )
    op.create_index(
        "ix_webhook_deliveries_endpoint_id_state_next_us", "webhook_deliveries", ["endpoint_id", "state", "next_us"]
    )
    op.create_index("ix_webhook_deliveries_event_no", "webhook_deliveries", ["event_no"])
    op.create_index("ix_webhook_deliveries_finished_us", "webhook_deliveries", ["finished_us"])
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "signup_accounts",
        sa.Column("signup_no", number, autoincrement=False, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("encryption_version", sa.SmallInteger()),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("reported_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("signup_no", name="pk_signup_accounts"),
        sa.ForeignKeyConstraint(["signup_no"], ["signups.signup_no"], name="fk_signup_accounts_signup_no"),
        sa.CheckConstraint("status IN ('created', 'not_created')", name=op.f("ck_signup_accounts_status")),
        sa.CheckConstraint("(status = 'created') = (sealed IS NOT NULL)", name=op.f("ck_signup_accounts_sealed")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("signup_accounts")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
    op.drop_index("ix_events_fanned_us_due_us", "events")
    op.drop_column("events", "fanned_us")
