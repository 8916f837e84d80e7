"""Columns into databases as fast as they take them: binary COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any  # Any: arrays of many types

import numpy as np
import psycopg
from columns import Columns, Texts

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_FORMATS = {
    "bigint": ">i8",
    "integer": ">i4",
    "smallint": ">i2",
    "double precision": ">f8",
    "boolean": "?",
}
_ROWS_A_PART = 500_000


def fill_postgresql(url: str, tables: Iterable[tuple[str, Columns]]) -> None:
    """Copy the rows into a migrated database, then vacuum as autovacuum would have."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for table, columns in tables:
            types = dict(
                connection.execute(
                    "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute "
                    "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
                    [table],
                ).fetchall()
            )
            for part in _parts(columns):
                names = ", ".join(f'"{name}"' for name in part)
                with connection.cursor().copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT binary)') as copy:
                    copy.write(_SIGNATURE)
                    copy.write(_binary(part, types))
                    copy.write(_END)
        for table in ("signups", "audit_entries"):
            column = "signup_no" if table == "signups" else "id"
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), "
                f"(SELECT coalesce(max({column}), 0) + 1 FROM {table}))"
            )
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _parts(columns: Columns) -> Iterable[Columns]:
    """Row by row of parts that fit memory; rows with a NULL in other places than others' are parts of their own."""
    masked = [values for values in columns.values() if isinstance(values, np.ma.MaskedArray)]
    if masked:
        null = np.ma.getmaskarray(masked[0])
        for chosen, keep in ((null, False), (~null, True)):
            if chosen.any():
                yield {name: _chosen(values, chosen, keep=keep) for name, values in columns.items()}
        return
    rows = _count(columns)
    for start in range(0, rows, _ROWS_A_PART):
        part = slice(start, start + _ROWS_A_PART)
        yield {name: _chosen(values, part, keep=True) for name, values in columns.items()}


def _count(columns: Columns) -> int:
    known = (values for values in columns.values() if values is not None)
    return next(len(values.rows) if isinstance(values, Texts) else len(values) for values in known)


def _chosen(values: Any, which: Any, *, keep: bool) -> Any:
    if values is None:
        return None
    if isinstance(values, Texts):
        return Texts(values.rows[which], values.text)
    if isinstance(values, np.ma.MaskedArray):
        return values.data[which] if keep else None
    return values[which]


def _binary(columns: Columns, types: Mapping[str, str]) -> Any:
    """The rows as PostgreSQL's COPY takes them."""
    fields: list[Any] = [("fields", ">i2")]
    for place, (name, values) in enumerate(columns.items()):
        fields.append((f"length{place}", ">i4"))
        if isinstance(values, Texts) and values.rows.shape[1]:
            fields.append((f"value{place}", f"V{values.rows.shape[1]}"))
        elif values is not None and not isinstance(values, Texts):
            fields.append((f"value{place}", _FORMATS[types[name]]))
    count = _count(columns)
    rows = np.zeros(count, dtype=np.dtype(fields))
    rows["fields"] = len(columns)
    for place, values in enumerate(columns.values()):
        if values is None:
            rows[f"length{place}"] = -1
        elif isinstance(values, Texts):
            width = values.rows.shape[1]
            rows[f"length{place}"] = width
            if width:
                rows[f"value{place}"] = np.ascontiguousarray(values.rows).view(f"V{width}").ravel()
        else:
            rows[f"value{place}"] = values
            rows[f"length{place}"] = rows.dtype[f"value{place}"].itemsize
    return rows.tobytes()


def fill_sqlite(path: str, tables: Iterable[tuple[str, Columns]]) -> None:
    """Insert the rows into a migrated file."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        for table, columns in tables:
            for part in _parts(columns):
                names = ", ".join(f'"{name}"' for name in part)
                places = ", ".join("?" * len(part))
                statement = f'INSERT INTO "{table}" ({names}) VALUES ({places})'
                count = _count(part)
                connection.executemany(statement, zip(*(_listed(v, count) for v in part.values()), strict=True))
                connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def _listed(values: Any, count: int) -> list[Any]:
    if values is None:
        return [None] * count
    if isinstance(values, Texts):
        width, whole = values.rows.shape[1], values.rows.tobytes()
        rows = [whole[at : at + width] for at in range(0, len(whole), width)] if width else [b""] * count
        return [row.decode() for row in rows] if values.text else rows
    listed: list[Any] = values.tolist()
    return listed
