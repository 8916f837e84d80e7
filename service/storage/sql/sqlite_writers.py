"""Transactions on SQLite: one writer at a time over all processes, those of one process in groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine

from service.storage.sql.engine import BUSY_TIMEOUT_S, sqlite_file
from service.storage.sql.group_commit import GroupCommit, Writer
from service.storage.sql.write_lock import WriteLock

T = TypeVar("T")


class SqliteWriters:
    """Everything that writes to one SQLite file in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        file = sqlite_file(engine)
        self._lock = WriteLock(file.with_name(file.name + "-lock"), timeout_s=BUSY_TIMEOUT_S)
        self._groups = GroupCommit(self._run_group, timeout_s=BUSY_TIMEOUT_S)

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction that others may share; what it raises undoes its own writes only."""
        return self._groups.run(work)

    def close(self) -> None:
        """Close the lock."""
        self._lock.close()

    def _run_group(self, writers: Sequence[Writer]) -> None:
        with self._engine.connect() as connection, self._lock.held():
            try:
                with _transaction(connection):
                    for writer in writers:
                        writer.result = writer.work(connection)
            except Exception as error:
                if len(writers) == 1:
                    writers[0].error = error
                    return
            else:
                return
            # Somebody's work was refused: savepoints find out whose, at a price that most groups need not pay.
            with _transaction(connection):
                for writer in writers:
                    _run_behind_savepoint(connection, writer)


def _run_behind_savepoint(connection: Connection, writer: Writer) -> None:
    connection.exec_driver_sql("SAVEPOINT writer")
    try:
        writer.result = writer.work(connection)
    except Exception as error:
        writer.error = error
        connection.exec_driver_sql("ROLLBACK TO writer")
    connection.exec_driver_sql("RELEASE writer")


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # A full disk rolls back by itself, after which ROLLBACK would fail and hide the reason.
        if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql("ROLLBACK")
        raise
