"""The database as the repositories use it: reads, transactions, one-statement writes, and its troubles named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.domain.errors import UnavailableError
from service.storage.sql.sqlite_writers import SqliteWriters

T = TypeVar("T")

_UNDEFINED_TABLE = "42P01"
_NOT_PERMITTED = "42501"
_SQLITE_NO_TABLE = "no such table"


class Database:
    """One process's way into the database. Make it after a fork, never before."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.on_sqlite = engine.dialect.name == "sqlite"
        # PostgreSQL's transactions share the pool; SQLite's are begun by hand, because BEGIN must be IMMEDIATE.
        self._transactions = engine if self.on_sqlite else engine.execution_options(isolation_level="READ COMMITTED")
        self._sqlite = SqliteWriters(engine) if self.on_sqlite else None

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run reading statements, each by itself; a connection that went stale is replaced once.

        Raises:
            UnavailableError: the database cannot be used.
        """
        with _troubles_named():
            return _once_more_when_stale(lambda: self._alone(work))

    def write_alone(self, work: Callable[[Connection], T]) -> T:
        """Run one writing statement that commits by itself; in a transaction where the database needs one.

        ``work`` must be safe to repeat: a stale connection does not say whether the statement was carried out.

        Raises:
            IntegrityError: a constraint refused it.
            UnavailableError: the database cannot be used.
        """
        if self._sqlite is not None:
            return self.transaction(work)
        with _troubles_named():
            return _once_more_when_stale(lambda: self._alone(work))

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run statements in one transaction and commit it. ``work`` must be safe to repeat after a rollback.

        Raises:
            IntegrityError: a constraint refused it; nothing was written.
            UnavailableError: the database cannot be used.
        """
        with _troubles_named():
            if self._sqlite is not None:
                return self._sqlite.transaction(work)
            return self._postgresql_transaction(work)

    def checkpoint(self) -> None:
        """Move what SQLite's write-ahead log holds into the database file; blocks nobody. Nothing elsewhere."""
        if self.on_sqlite:
            self.read(lambda connection: connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall())

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._sqlite is not None:
            self._sqlite.close()

    def _alone(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)

    def _postgresql_transaction(self, work: Callable[[Connection], T]) -> T:
        reached_commit = False

        def attempt() -> T:
            nonlocal reached_commit
            with self._transactions.connect() as connection:
                result = work(connection)
                reached_commit = True
                connection.commit()
                return result

        # What failed before COMMIT was rolled back and may be repeated; a lost COMMIT may have been carried out.
        return _once_more_when_stale(attempt, unless=lambda: reached_commit)


def _once_more_when_stale(attempt: Callable[[], T], *, unless: Callable[[], bool] = lambda: False) -> T:
    try:
        return attempt()
    except DBAPIError as error:
        if not error.connection_invalidated or unless():
            raise
        return attempt()


@contextmanager
def _troubles_named() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except PoolTimeoutError as error:
        raise UnavailableError("Every connection to the database is in use; try again.") from error
    except (ProgrammingError, OperationalError) as error:
        if _names_no_table(error):
            raise UnavailableError("The database is not migrated: run `gatehouse db upgrade`.") from error
        if getattr(error.orig, "sqlstate", None) == _NOT_PERMITTED:
            raise UnavailableError("The database's user lacks a privilege.") from error
        if isinstance(error, ProgrammingError):
            raise
        raise UnavailableError("The database cannot be used; try again.") from error
    except DBAPIError as error:
        raise UnavailableError("The database cannot be used; try again.") from error


def _names_no_table(error: DBAPIError) -> bool:
    """Whether a table is missing: PostgreSQL has a code for it, SQLite only words."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    return sqlstate == _UNDEFINED_TABLE or (sqlstate is None and str(error.orig).startswith(_SQLITE_NO_TABLE))
