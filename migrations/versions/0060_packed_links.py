"""What is counted in a link becomes one column, so that the newest links are read twice as fast."""

from __future__ import annotations

import struct
from typing import Any  # Any: a column is of the type it is made of

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

_KEY = ["digest", "recorded_us", "signup_no"]
_LAYOUT = struct.Struct(">qqhh")
_KEPT = "digest, recorded_us, signup_no, kind, occurred_us"
_CODE = "account_type * 2 + CASE WHEN counted IS NULL THEN 1 ELSE 0 END"

_PACKED_POSTGRESQL = (
    f"int8send(occurred_us) || int8send(coalesce(counted, 0)) || int2send(anomalies) || int2send(({_CODE})::smallint)"
)
_COUNTED_POSTGRESQL = "('x' || encode(substring(packed FROM 9 FOR 8), 'hex'))::bit(64)::bigint"
_ANOMALIES_POSTGRESQL = "('x' || encode(substring(packed FROM 17 FOR 2), 'hex'))::bit(16)::int"


def upgrade() -> None:
    """Write every link anew: a column that is filled in place would leave the table twice as large."""
    packed = _PACKED_POSTGRESQL if _on_postgresql() else f"pack_link(occurred_us, counted, anomalies, {_CODE})"
    _become(
        [sa.Column("packed", sa.LargeBinary(), nullable=False)], f"{_KEPT}, {packed}", covered="occurred_us, packed"
    )


def downgrade() -> None:
    """Take the columns apart again."""
    if _on_postgresql():
        counted = f"CASE get_byte(packed, 19) & 1 WHEN 0 THEN {_COUNTED_POSTGRESQL} END"
        # Sixteen bits with a sign.
        anomalies = f"(({_ANOMALIES_POSTGRESQL} + 32768) % 65536 - 32768)::smallint"
        taken = f"{_KEPT}, {counted}, (get_byte(packed, 19) / 2)::smallint, {anomalies}"
    else:
        taken = f"{_KEPT}, link_counted(packed), link_account_type(packed), link_anomalies(packed)"
    _become(
        [
            sa.Column("counted", sa.BigInteger()),
            sa.Column("account_type", sa.SmallInteger(), nullable=False),
            sa.Column("anomalies", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        ],
        taken,
        covered="occurred_us, counted, account_type, anomalies",
    )


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _become(columns: list[sa.Column[Any]], taken: str, *, covered: str) -> None:
    """Make the table with these columns beside the old one, fill it from there, and put it in its place."""
    every: list[sa.Column[Any]] = [
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.Column("signup_no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        *columns,
    ]
    names = ", ".join(column.name for column in every)
    filling = f"INSERT INTO links_new ({names}) SELECT {taken} FROM links ORDER BY {', '.join(_KEY)}"  # noqa: S608
    if _on_postgresql():
        op.execute("SET LOCAL statement_timeout = 0")
        op.create_table("links_new", *every)
        op.execute("LOCK TABLE links IN SHARE MODE")
        op.execute(filling)
        op.drop_table("links")
        op.rename_table("links_new", "links")
        op.execute(f"ALTER TABLE links ADD CONSTRAINT pk_links PRIMARY KEY ({', '.join(_KEY)}) INCLUDE ({covered})")
        op.execute(
            "ALTER TABLE links "
            "SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)"
        )
        return
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("bug: a migration without a connection")
    for name, arguments, function in (
        ("pack_link", 4, _pack),
        ("link_counted", 1, _counted),
        ("link_account_type", 1, _account_type),
        ("link_anomalies", 1, _anomalies),
    ):
        driver.create_function(name, arguments, function, deterministic=True)
    op.create_table("links_new", *every, sa.PrimaryKeyConstraint(*_KEY, name="pk_links"), sqlite_with_rowid=False)
    op.execute(filling)
    op.drop_table("links")
    op.rename_table("links_new", "links")


def _pack(occurred_us: int, counted: int | None, anomalies: int, code: int) -> bytes:
    return _LAYOUT.pack(occurred_us, counted or 0, anomalies, code)


def _counted(packed: bytes) -> int | None:
    _, counted, _, code = _LAYOUT.unpack(packed)
    return None if code & 1 else int(counted)


def _account_type(packed: bytes) -> int:
    return int(_LAYOUT.unpack(packed)[3]) // 2


def _anomalies(packed: bytes) -> int:
    return int(_LAYOUT.unpack(packed)[2])
