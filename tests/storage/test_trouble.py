"""Trouble: a database that is away, full, read-only or damaged is named as such, and nothing committed is lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from models.linkage.identifier import Identifier, IdentifierKind
from service.domain.errors import UnavailableError
from service.storage.sql import engine as engines
from service.storage.sql.store import SqlStore
from service.storage.sql.write_lock import WriteLock
from service.usecases.ports import NewRecord
from service.usecases.ports_search import SearchQuery

Open = Callable[..., SqlStore]
Make = Callable[..., NewRecord]
IDENTIFIERS = tuple(Identifier(kind, "v") for kind in IdentifierKind)


def append(store: SqlStore, record: NewRecord) -> None:
    with store.begin() as work:
        work.ledger.append(record)
        work.commit()


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all/gatehouse.db", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_database_that_is_away_is_unavailable(open_store: Open, make_record: Make, noon: datetime, url: str) -> None:
    store = open_store(url)

    with pytest.raises(UnavailableError):
        append(store, make_record())
    with pytest.raises(UnavailableError), store.begin() as work:
        work.ledger.look("acme", "su_1", IDENTIFIERS, now=noon)
    with pytest.raises(UnavailableError):
        store.probe()


def test_a_user_without_privileges_is_unavailable_and_nothing_is_decided(
    postgresql_url: str, open_store: Open, make_record: Make
) -> None:
    open_store(postgresql_url)
    owner = make_url(postgresql_url)
    role = f"limited_{uuid.uuid4().hex}"
    with psycopg.connect(owner.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'limited'").format(sql.Identifier(role)))
    try:
        limited = open_store(owner.set(username=role, password="limited").render_as_string(hide_password=False))
        with pytest.raises(UnavailableError, match="privilege"):
            append(limited, make_record())
    finally:
        with psycopg.connect(owner.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_a_full_disk_is_unavailable_for_writes_and_keeps_what_was_committed(
    sqlite_url: str, open_store: Open, make_record: Make, monkeypatch: pytest.MonkeyPatch, noon: datetime
) -> None:
    # SQLite refuses pages beyond this limit with the error of a full disk.
    monkeypatch.setattr(engines, "_SQLITE_PRAGMAS", (*engines._SQLITE_PRAGMAS, "PRAGMA max_page_count = 240"))
    store, committed = open_store(sqlite_url), 0

    def append_until_full() -> None:
        nonlocal committed
        for number in range(10_000):
            append(store, make_record(f"su_{number}", identifiers=IDENTIFIERS, answer=os.urandom(2_000)))
            committed += 1

    with pytest.raises(UnavailableError):
        append_until_full()

    with pytest.raises(UnavailableError):
        append(store, make_record(answer=os.urandom(200_000)))
    with pytest.raises(UnavailableError):
        store.probe()
    assert committed > 3
    with store.begin() as work:
        assert len(work.ledger.search(None, SearchQuery(limit=10_000))) == committed


def test_a_read_only_database_is_unavailable_for_writes(
    postgresql_url: str, open_store: Open, make_record: Make
) -> None:
    store = open_store(postgresql_url + "&options=-c%20default_transaction_read_only%3Don")

    with pytest.raises(UnavailableError):
        append(store, make_record())
    with pytest.raises(UnavailableError):
        store.probe()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, open_store: Open) -> None:
    file = tmp_path / "gatehouse.db"
    file.write_bytes(b"not a database at all" * 1_000)

    with pytest.raises(UnavailableError):
        open_store(f"sqlite:///{file}").probe()


def test_a_writer_that_waits_too_long_gives_up(tmp_path: Path) -> None:
    first, second = (WriteLock(tmp_path / "lock", timeout_s=0.2) for _ in range(2))
    started = time.monotonic()

    with first.held(), pytest.raises(UnavailableError, match="busy"), second.held():
        pytest.fail("two writers at once")

    assert 0.15 < time.monotonic() - started < 2
    with second.held():
        pass
    first.close()
    second.close()


def test_writers_in_threads_all_get_their_turn(sql_store: SqlStore, make_record: Make) -> None:
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda number: append(sql_store, make_record(f"su_{number}")), range(120)))

    with sql_store.begin() as work:
        assert len(work.ledger.search(None, SearchQuery(limit=1_000))) == 120


def test_sqlite_syncs_every_commit(sqlite_url: str, open_store: Open) -> None:
    engine = engines.open_engine(sqlite_url)
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_what_was_acknowledged_before_a_kill_is_there_after_it(
    sqlite_url: str, open_store: Open, make_record: Make
) -> None:
    reading, writing = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(
        target=append_for_ever, args=(sqlite_url, open_store, make_record, writing)
    )
    worker.start()
    writing.close()
    acknowledged = [reading.recv() for _ in range(40 + random.randrange(20))]
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join()
    while reading.poll():
        try:
            acknowledged.append(reading.recv())
        except EOFError:
            break
    reading.close()

    with open_store(sqlite_url).begin() as work:
        recorded = {found.signup_id for found in work.ledger.search(None, SearchQuery(limit=100_000))}
    assert set(acknowledged) <= recorded
    assert len(recorded) <= len(acknowledged) + 1
    file = sqlite_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def append_for_ever(url: str, open_store: Open, make_record: Make, acknowledge: Connection) -> None:
    store = open_store(url)
    for number in range(1_000_000):
        append(store, make_record(f"su_{number}", identifiers=IDENTIFIERS))
        acknowledge.send(f"su_{number}")
