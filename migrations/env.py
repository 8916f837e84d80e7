"""How Alembic runs the migrations: on a connection handed in by the service, or on ``GATEHOUSE_DATABASE_URL``."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, text

from service.storage.sql.engine import open_engine
from service.storage.sql.every_table import METADATA

# A migration that waits for a lock holds up every query behind it: rather fail, and be run again.
_LOCK_TIMEOUT = "5s"
_STATEMENT_TIMEOUT = "10min"


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'"))
        connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    try:
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
        else:
            connection.commit()
    finally:
        # Closes what is open and keeps the session's settings out of the pool.
        connection.invalidate()


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(connection)
        return
    url = os.environ.get("GATEHOUSE_DATABASE_URL")
    if not url:
        raise SystemExit("name the database in GATEHOUSE_DATABASE_URL")
    engine = open_engine(url)
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="READ COMMITTED")
    with engine.connect() as own:
        _migrate(own)
    engine.dispose()


_run()
