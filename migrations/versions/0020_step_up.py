"""Step-up: challenges with their history, the outbox of mails, appeals, estimated pass rates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0011"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("pass_rates", "appeals", "mails", "challenge_steps", "challenges", "step_ups")


def upgrade() -> None:
    """Add the tables."""
    _step_ups()
    _challenges()
    _challenge_steps()
    _mails()
    _appeals()
    _pass_rates()


def downgrade() -> None:
    """Drop them."""
    for table in _TABLES:
        op.drop_table(table)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _step_ups() -> None:
    op.create_table(
        "step_ups",
        sa.Column("signup_no", _NUMBER, nullable=False),
        _text("record_id"),
        _text("owner"),
        _text("reference"),
        sa.Column("page_version", sa.SmallInteger(), nullable=False),
        sa.Column("page_digest", sa.LargeBinary(), nullable=False),
        _text("doubt"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["signup_no"], ["signups.signup_no"], name="fk_step_ups_signup_no"),
        sa.PrimaryKeyConstraint("signup_no", name="pk_step_ups"),
        sa.UniqueConstraint("record_id", name="uq_step_ups_record_id"),
        sa.UniqueConstraint("page_digest", name="uq_step_ups_page_digest"),
    )


def _challenges() -> None:
    op.create_table(
        "challenges",
        _text("id"),
        sa.Column("signup_no", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        _text("method"),
        _text("status"),
        _time("created_us"),
        _time("expires_us"),
        sa.Column("tries_left", sa.SmallInteger(), nullable=False),
        sa.Column("sends_left", sa.SmallInteger(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        _time("closed_us", nullable=True),
        _text("closed_by", nullable=True),
        _text("evidence"),
        sa.Column("proof", sa.LargeBinary(), nullable=True),
        _text("codes"),
        _time("sent_us", nullable=True),
        sa.Column("personal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["signup_no"], ["step_ups.signup_no"], name="fk_challenges_signup_no"),
        sa.PrimaryKeyConstraint("id", name="pk_challenges"),
        sa.CheckConstraint(
            "status IN ('pending', 'passed', 'failed', 'abandoned', 'expired')", name=op.f("ck_challenges_status")
        ),
        sa.CheckConstraint("(status = 'pending') = (closed_us IS NULL)", name=op.f("ck_challenges_closed")),
        sa.CheckConstraint("tries_left >= 0 AND sends_left >= 0", name=op.f("ck_challenges_left")),
    )
    pending = sa.text("status = 'pending'")
    op.create_index("ix_challenges_signup_no_place", "challenges", ["signup_no", "place"])
    op.create_index(
        "ix_challenges_pending", "challenges", ["expires_us"], sqlite_where=pending, postgresql_where=pending
    )
    op.create_index("ix_challenges_proof_closed_us", "challenges", ["proof", "closed_us"])
    op.create_index("ix_challenges_closed_us", "challenges", ["closed_us"])


def _challenge_steps() -> None:
    op.create_table(
        "challenge_steps",
        sa.Column("step_no", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("signup_no", sa.BigInteger(), nullable=False),
        _text("challenge_id"),
        _time("at_us"),
        _text("what"),
        _text("actor"),
        _text("detail"),
        sa.PrimaryKeyConstraint("step_no", name="pk_challenge_steps"),
    )
    op.create_index("ix_challenge_steps_signup_no_step_no", "challenge_steps", ["signup_no", "step_no"])


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("mail_no", _NUMBER, autoincrement=True, nullable=False),
        _text("id"),
        _text("challenge_id"),
        _text("language"),
        _time("due_us"),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        _time("ended_us", nullable=True),
        sa.Column("sent", sa.Boolean(), nullable=True),
        sa.Column("mailbox", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("mail_no", name="pk_mails"),
        sa.UniqueConstraint("id", name="uq_mails_id"),
    )
    waiting = sa.text("ended_us IS NULL")
    op.create_index("ix_mails_waiting", "mails", ["due_us"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_mails_mailbox_ended_us", "mails", ["mailbox", "ended_us"])


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("appeal_no", _NUMBER, autoincrement=True, nullable=False),
        _text("id"),
        _text("record_id"),
        _text("owner"),
        _text("reference"),
        _text("kind"),
        _time("at_us"),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("appeal_no", name="pk_appeals"),
        sa.UniqueConstraint("id", name="uq_appeals_id"),
        sa.CheckConstraint("kind IN ('human', 'institution_missing')", name=op.f("ck_appeals_kind")),
    )
    op.create_index("ix_appeals_record_id", "appeals", ["record_id"])


def _pass_rates() -> None:
    op.create_table(
        "pass_rates",
        _text("method"),
        _text("group_name"),
        _text("side"),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("estimate", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("results", sa.Double(), nullable=False),
        _time("estimated_us"),
        sa.PrimaryKeyConstraint("method", "group_name", "side", name="pk_pass_rates"),
        sa.CheckConstraint("side IN ('honest', 'fraud')", name=op.f("ck_pass_rates_side")),
        sa.CheckConstraint("estimate > 0 AND estimate < 1", name=op.f("ck_pass_rates_estimate")),
    )
