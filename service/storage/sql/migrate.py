"""Bringing a database to the tables this version needs, whoever else starts at the same moment."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

import migrations
from service.storage.sql.engine import sqlite_file
from service.storage.sql.every_table import METADATA

_MIGRATING = 0x6761_7465_6D69_6772
"""PostgreSQL's advisory lock under which one starter migrates at a time."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How a database compares with this version. ``differences`` are what its tables lack or have too much."""

    current: str | None
    newest: str | None
    differences: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Nothing is pending and the tables are what the code expects."""
        return self.current == self.newest and not self.differences


def upgrade(engine: Engine) -> None:
    """Run every pending migration; starters that come at once wait for one another."""
    with _one_at_a_time(engine) as connection:
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def check(engine: Engine) -> SchemaState:
    """Compare the database with the migrations and with the tables of the code; changes nothing."""
    newest = ScriptDirectory.from_config(_configuration()).get_current_head()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
        return SchemaState(context.get_current_revision(), newest, tuple(str(each) for each in differences))


def _configuration() -> Config:
    # The scripts are a package of the wheel; pyproject.toml, which the alembic command reads, is not.
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(next(iter(migrations.__path__)))).replace("%", "%%"))
    return configuration


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name == "sqlite":
        file = sqlite_file(engine)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_name(file.name + "-migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with engine.connect() as connection:
                yield connection
        return
    with engine.connect() as holder:
        holder.execute(text("SET statement_timeout = '120s'"))
        holder.execute(text("SET lock_timeout = '120s'"))
        holder.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATING})
        try:
            with engine.execution_options(isolation_level="READ COMMITTED").connect() as connection:
                yield connection
        finally:
            holder.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATING})
            # The session's settings must not return to the pool with it.
            holder.invalidate()
