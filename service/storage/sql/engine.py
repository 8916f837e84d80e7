"""Engines: how SQLite and PostgreSQL are opened, with every wait bounded."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_S = 5
"""How long a writer waits for another one; a decision's transaction takes a millisecond."""

_CONNECT_TIMEOUT_S = 5
_STATEMENT_TIMEOUT_MS = 10_000
_TCP_TIMEOUT_MS = 10_000
_POOL_TIMEOUT_S = 5
_POOL_SIZE = 16
"""One connection a thread of a worker; the service runs 16."""

_SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}",
    "PRAGMA journal_mode = WAL",
    # NORMAL syncs at checkpoints only: a power cut would lose decisions that were answered.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    # A checkpoint inside a commit stalls it for some 20 ms: this one is the fallback to SqlStore.checkpoint.
    "PRAGMA wal_autocheckpoint = 4000",
)


def open_engine(url: str | URL) -> Engine:
    """An engine that commits each statement by itself unless a transaction is asked for.

    Nothing connects yet. Use the engine in the process that made it.

    Raises:
        ValueError: the URL names neither a SQLite file nor PostgreSQL.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed)
    raise ValueError("the database is sqlite:///FILE or postgresql://…")


def sqlite_file(engine: Engine) -> Path:
    """The file of an engine on SQLite."""
    return Path(str(engine.url.database))


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite needs a file; without one every connection would see another database")
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("bug: not a SQLite connection")
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma).close()


def _open_postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        pool_pre_ping=False,
        connect_args=_postgresql_arguments(url),
    )


def _postgresql_arguments(url: URL) -> dict[str, object]:
    """The bounds of every wait; what the URL says of them itself comes first."""
    asked = url.query.get("options", "")
    bounds: dict[str, object] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        # statement_timeout lives in the server and cannot end the wait for a server that went silent.
        "tcp_user_timeout": _TCP_TIMEOUT_MS,
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }
    options = (
        f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c lock_timeout={BUSY_TIMEOUT_S * 1000} "
        f"-c idle_in_transaction_session_timeout={_STATEMENT_TIMEOUT_MS} -c synchronous_commit=on "
        # Every statement here is short; compiling one costs more than it could ever save.
        "-c jit=off"
    )
    own = asked if isinstance(asked, str) else " ".join(asked)
    return {name: bound for name, bound in bounds.items() if name not in url.query} | {
        "options": f"{options} {own}".strip()
    }
