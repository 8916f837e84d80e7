"""The hot path: one read and one write a decision, counted on the wire, and what each of them costs nobody."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import Window
from service.domain.decision import Assessment
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.usecases.ports_idempotency import IdempotencyClaim

KINDS = list(IdentifierKind)[:18]
IDENTIFIERS = tuple(Identifier(kind, f"value of {kind}", "own") for kind in KINDS)
CLAIM = IdempotencyClaim(owner="acme", key="idem-1", fingerprint=b"\x01" * 32)


class Wire:
    """The messages between this process and PostgreSQL, as libpq traces them."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        traced: list[psycopg.Connection[object]] = []
        with tempfile.TemporaryFile("w+") as file:

            def trace(connection: psycopg.Connection[object], *_: object) -> None:
                connection.pgconn.trace(file.fileno())
                traced.append(connection)

            event.listen(Pool, "checkout", trace)
            try:
                yield
            finally:
                event.remove(Pool, "checkout", trace)
                for connection in traced:
                    connection.pgconn.untrace()
            file.flush()
            file.seek(0)
            self.lines = file.read().splitlines()

    @property
    def round_trips(self) -> int:
        """What the client sends and waits for: a simple query, or the Sync that ends an extended one."""
        sent = [line.split("\t") for line in self.lines]
        return sum("F" in parts and ("Sync" in parts or "Query" in parts) for parts in sent)


def decide(store: SqlStore, record: NewRecord) -> None:
    with store.begin() as work:
        look = work.ledger.look("acme", record.signup.signup_id, IDENTIFIERS, now=record.recorded_at)
        assert look.answer is None
        work.ledger.append(record)
        work.commit()


def test_a_decision_on_postgresql_is_two_round_trips(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    make_assessment: Callable[..., Assessment],
    noon: datetime,
) -> None:
    store, wire = open_store(postgresql_url), Wire()
    counted = []
    for _ in range(20):
        record = make_record(identifiers=IDENTIFIERS, assessment=make_assessment())
        with wire.watched():
            decide(store, record)
        counted.append(wire.round_trips)

    # The first one opens the connection, and psycopg prepares both statements once when it has seen them five times.
    assert sorted(counted[1:]) == [2] * 18 + [4]


def test_the_answer_of_an_idempotency_key_costs_no_round_trip(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    make_assessment: Callable[..., Assessment],
    noon: datetime,
) -> None:
    store, wire = open_store(postgresql_url), Wire()
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
        work.ledger.append(make_record(identifiers=IDENTIFIERS, assessment=make_assessment(), claim=CLAIM))
        with wire.watched():
            work.commit()

    assert wire.round_trips == 1


def test_the_newest_links_are_read_from_the_index_in_its_order(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    noon: datetime,
) -> None:
    store = open_store(postgresql_url)
    with store.begin() as work:
        for at in range(300):
            work.ledger.append(make_record(identifiers=IDENTIFIERS[:3], at=noon + timedelta(seconds=at)))
        work.commit()
    plain = postgresql_url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE links")
        plan = "\n".join(
            line
            for (line,) in connection.execute(
                "EXPLAIN (ANALYZE, COSTS OFF) SELECT occurred_us, packed FROM links "
                "WHERE digest = (SELECT digest FROM links LIMIT 1) AND signup_no <> 0 "
                "ORDER BY recorded_us DESC, signup_no DESC LIMIT 256"
            )
        )

    assert "Index Only Scan Backward using pk_links" in plan
    assert "Sort" not in plan
    assert "Heap Fetches: 0" in plan


def test_a_past_is_read_from_the_index_alone(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO daily_counts (digest, day, until_day, kind, count) "
            "SELECT decode(lpad(key::text, 32, '0'), 'hex'), day, day + 1, 14, 1 "
            "FROM generate_series(1, 400) AS key, generate_series(1, 60) AS day"
        )
        connection.execute("VACUUM ANALYZE daily_counts")
        plan = "\n".join(
            line
            for (line,) in connection.execute(
                "EXPLAIN (ANALYZE, COSTS OFF) SELECT sum(count) FROM daily_counts "
                "WHERE digest = decode(lpad('7', 32, '0'), 'hex') AND day >= 30 AND day < 58"
            )
        )

    assert "Index Only Scan using pk_daily_counts" in plan
    assert "rows=28" in plan
    assert "Heap Fetches: 0" in plan


def test_sqlite_reads_the_newest_links_from_the_table_that_is_its_index(
    sqlite_url: str, raw: Callable[[str], object]
) -> None:
    with raw(sqlite_url) as connection:  # type: ignore[attr-defined]
        plan = str(
            connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT occurred_us FROM links WHERE digest = x'00' AND signup_no <> 0 "
                "ORDER BY recorded_us DESC, signup_no DESC LIMIT 256"
            ).fetchall()
        )

    assert "USING PRIMARY KEY (digest=?)" in plan
    assert "TEMP B-TREE" not in plan


def test_a_connection_that_the_server_closed_is_replaced_without_anyone_noticing(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    noon: datetime,
) -> None:
    store = open_store(postgresql_url)
    store.probe()
    for _ in range(2):
        with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        record = make_record(identifiers=IDENTIFIERS)
        with store.begin() as work:
            work.ledger.append(record)
            work.commit()
            assert work.ledger.get("acme", record.id) is not None


def test_a_forked_worker_connects_anew_and_leaves_its_parent_connected(
    sql_store: SqlStore, make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    device = IDENTIFIERS[0]
    sql_store.probe()
    records = [make_record(identifiers=(device,), at=noon + timedelta(seconds=at)) for at in range(40)]

    def work_off(mine: list[NewRecord]) -> None:
        for record in mine:
            decide(sql_store, record)
        sql_store.dispose()
        os._exit(0)

    children = [multiprocessing.get_context("fork").Process(target=work_off, args=(records[at::4],)) for at in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
        # Two processes on one connection wait for each other for ever.
        child.kill()
        child.join()

    assert [child.exitcode for child in children] == [0] * 4
    with sql_store.begin() as work:
        later = work.ledger.look("acme", "new", (device,), now=noon + timedelta(1))
    assert later.linkage.links(device.kind, Window.WEEK) == 40


@pytest.mark.parametrize("versions", [1, 2, 3])
def test_a_sign_up_without_identifiers_has_an_empty_linkage(
    database_url: str, open_store: Callable[..., SqlStore], versions: int, noon: datetime
) -> None:
    store = open_store(database_url, pseudonyms=tuple((at + 1, bytes([at]) * 32) for at in range(versions)))
    with store.begin() as work:
        look = work.ledger.look("acme", "new", (), now=noon)

    assert (look.answer, look.linkage.as_document()) == (None, {})
