"""What a decision and a merge read stays bounded, however large a cluster is and however much of it is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import SATURATION
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord

Kind = IdentifierKind
DEVICE = Identifier(Kind.DEVICE, "device-1")
Make = Callable[..., NewRecord]
Raw = Callable[[str], Any]


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Every statement sent meanwhile, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, ___: object, ____: object) -> None:
        sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def plan_of(connection: Connection, statement: str, parameters: Any, *, run: bool) -> list[dict[str, Any]]:
    """The nodes of PostgreSQL's plan, which avoids reading whole tables wherever it can."""
    connection.exec_driver_sql("SET enable_seqscan = off")
    how = "EXPLAIN (ANALYZE, FORMAT JSON) " if run else "EXPLAIN (FORMAT JSON) "
    found = connection.exec_driver_sql(how + statement, parameters).scalar_one()
    document = json.loads(found) if isinstance(found, str) else found
    return list(nodes(document[0]["Plan"]))


def test_a_cluster_that_was_banned_whole_is_not_read_whole(
    postgresql_url: str, open_store: Callable[..., SqlStore], make_record: Make, noon: datetime, raw: Raw
) -> None:
    store = open_store(postgresql_url)
    with store.begin() as work:
        work.ledger.append(make_record(identifiers=(DEVICE,), at=noon))
        work.commit()
    with raw(postgresql_url) as connection:
        connection.exec_driver_sql(
            "INSERT INTO members (signup_no, cluster_no, occurred_us, identifiers, label, label_us) "
            "SELECT 1 + number, 1, occurred_us, '', CASE WHEN number < 500 THEN 1 ELSE 3 END, occurred_us + number "
            "FROM members, generate_series(1, 1000) AS number"
        )
        connection.exec_driver_sql("ANALYZE members")

    with statements() as sent, store.begin() as work:
        company = work.ledger.look("acme", "new", (DEVICE,), now=noon + timedelta(days=1)).linkage.company

    assert (company.size, company.frauds, company.good) == (SATURATION, SATURATION, SATURATION)
    with raw(postgresql_url) as connection:
        read = [each for each in plan_of(connection, *sent[-1], run=True) if each.get("Relation Name") == "members"]
    assert read
    assert max(each["Actual Rows"] for each in read) <= SATURATION


def test_a_merge_reads_no_cluster_that_it_does_not_touch(
    postgresql_url: str, open_store: Callable[..., SqlStore], make_record: Make, noon: datetime, raw: Raw
) -> None:
    store, phone = open_store(postgresql_url), Identifier(Kind.PHONE, "+441632960001")
    for carried in ((DEVICE,), (phone,)):
        with store.begin() as work:
            work.ledger.append(make_record(identifiers=carried, at=noon))
            work.commit()

    with statements() as sent, store.begin() as work:
        work.ledger.append(make_record(identifiers=(DEVICE, phone), at=noon, clusters=(1, 2)))
        work.commit()

    with store.begin() as work:
        assert {work.clusters.root(number) for number in (1, 2)} == {1}
    merging = [each for each in sent if each[0].startswith("UPDATE clusters")]
    assert merging
    with raw(postgresql_url) as connection:
        plans = [node for each in merging for node in plan_of(connection, *each, run=False)]
    assert "Seq Scan" not in {node["Node Type"] for node in plans}
