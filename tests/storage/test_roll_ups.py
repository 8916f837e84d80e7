"""Daily roll-ups: each day once, whoever does it, however often it is interrupted; nothing in clear."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import day_of
from service.storage.sql.packed_links import FIELDS
from service.storage.sql.roll_ups import SqlRollUps
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.worker import SETTLED_AFTER, Worker, housekeeping

DOMAIN = Identifier(IdentifierKind.EMAIL_DOMAIN, "college.example", counted="w.w")
DEVICE = Identifier(IdentifierKind.DEVICE, "device-1")
OLD, NEW = (1, b"\x01" * 32), (2, b"\x02" * 32)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
Make = Callable[..., NewRecord]
RecordAll = Callable[..., None]
Raw = Callable[[str], Any]


def counts(raw: Raw, url: str) -> list[tuple[int, int, int]]:
    """(kind, day, count) of every row."""
    with raw(url) as connection:
        rows = connection.exec_driver_sql('SELECT kind, day, "count" FROM daily_counts ORDER BY 1, 2, 3').all()
    return [tuple(row) for row in rows]


def past(store: SqlStore, now: datetime = MIDNIGHT + DAY / 2) -> tuple[int | None, int]:
    with store.begin() as work:
        linkage = work.ledger.look("acme", "new", (DOMAIN,), now=now).linkage
    return linkage.past(DOMAIN.kind), linkage.observed_days


def roll_up(store: SqlStore, before: datetime = MIDNIGHT) -> int:
    steps = 0
    with store.begin() as work:
        while work.roll_ups.roll_up(before=before):
            steps += 1
    return steps


@pytest.fixture
def week(sql_store: SqlStore, make_record: Make, record_all: RecordAll) -> SqlStore:
    """A store with two sign-ups on each of seven days, and one today."""
    for day in range(1, 8):
        at = MIDNIGHT - day * DAY + timedelta(hours=9)
        record_all(sql_store, *(make_record(identifiers=(DOMAIN, DEVICE), at=at) for _ in range(2)))
    record_all(sql_store, make_record(identifiers=(DOMAIN, DEVICE), at=MIDNIGHT))
    return sql_store


def test_days_are_rolled_up_one_at_a_time_and_today_never(week: SqlStore, raw: Raw, database_url: str) -> None:
    assert roll_up(week, MIDNIGHT + timedelta(hours=23)) == 7
    assert roll_up(week, MIDNIGHT + timedelta(hours=23)) == 0

    today = day_of(MIDNIGHT)
    expected = [(kind, today - day, 2) for kind in (0, 14) for day in range(7, 0, -1)]
    assert counts(raw, database_url) == expected
    assert past(week) == (14, 7)


def test_an_interrupted_roll_up_goes_on_where_it_was(week: SqlStore) -> None:
    with week.begin() as work:
        for _ in range(3):
            work.roll_ups.roll_up(before=MIDNIGHT)
    between = past(week)

    assert (between, roll_up(week), past(week)) == ((6, 3), 4, (14, 7))


def test_a_day_that_fails_half_way_leaves_nothing(
    week: SqlStore, raw: Raw, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.sql.roll_ups.DailyCountRow", object())
    with pytest.raises(Exception, match="object"):
        roll_up(week)
    monkeypatch.undo()

    assert counts(raw, database_url) == []
    assert roll_up(week) == 7


def test_workers_at_once_count_every_day_once(week: SqlStore, raw: Raw, database_url: str) -> None:
    def work_off() -> None:
        roll_up(week)
        week.dispose()
        os._exit(0)

    workers = [multiprocessing.get_context("fork").Process(target=work_off) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(30)
        each.kill()

    assert [each.exitcode for each in workers] == [0] * 4
    assert past(week) == (14, 7)


def test_what_another_worker_rolled_up_meanwhile_is_not_counted_again(
    week: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = SqlRollUps._counts

    def slowly(self: SqlRollUps, span: Any) -> Any:
        found = counted(self, span)
        monkeypatch.undo()
        roll_up(week)
        return found

    monkeypatch.setattr(SqlRollUps, "_counts", slowly)
    roll_up(week)

    assert past(week) == (14, 7)


def test_links_of_an_older_key_stay_in_the_past(
    database_url: str, open_store: Callable[..., SqlStore], make_record: Make, record_all: RecordAll
) -> None:
    before, after = open_store(database_url, pseudonyms=(OLD,)), open_store(database_url, pseudonyms=(OLD, NEW))
    for store, day in ((before, 9), (after, 3)):
        at = MIDNIGHT - day * DAY
        record_all(store, *(make_record(identifiers=(DOMAIN,), at=at) for _ in range(day)))
        roll_up(store, at + 2 * DAY)
    roll_up(after)

    assert past(after) == (12, 9)
    with after.begin() as work:
        age = work.ledger.look("acme", "new", (DOMAIN,), now=MIDNIGHT).linkage.age_us()
    assert age == 9 * DAY / timedelta(microseconds=1)


def test_neighbours_are_found_under_an_older_key(
    database_url: str, open_store: Callable[..., SqlStore], make_record: Make, record_all: RecordAll
) -> None:
    def numbered(place: int) -> Identifier:
        return Identifier(IdentifierKind.EMAIL_SEQUENCE, "s#@college.example|10", place=place)

    before, after = open_store(database_url, pseudonyms=(OLD,)), open_store(database_url, pseudonyms=(OLD, NEW))
    record_all(before, make_record(identifiers=(numbered(20),), at=MIDNIGHT), make_record(identifiers=(numbered(90),)))
    record_all(after, make_record(identifiers=(numbered(60),), at=MIDNIGHT))

    with after.begin() as work:
        found = work.ledger.look("acme", "new", (numbered(30),), now=MIDNIGHT + DAY)
    assert found.linkage.near() == 2


def test_the_number_of_a_mailbox_is_not_stored_in_clear(
    sql_store: SqlStore, make_record: Make, record_all: RecordAll, raw: Raw, database_url: str
) -> None:
    numbers = [Identifier(IdentifierKind.EMAIL_SEQUENCE, f"{name}#@college.example|0", place=42) for name in "stuv"]
    record_all(sql_store, *(make_record(identifiers=(each,)) for each in numbers))

    with raw(database_url) as connection:
        columns = b"".join(bytes(column) for (column,) in connection.exec_driver_sql("SELECT packed FROM links"))
    stored = set(np.frombuffer(columns, FIELDS)["counted"].tolist())
    assert len(stored) == 4
    assert min(stored) > 1_000_000


def test_the_worker_rolls_a_day_up_when_it_has_settled(week: SqlStore) -> None:
    early, late = (
        Worker(housekeeping(week.begin), now=lambda at=at: at) for at in (MIDNIGHT, MIDNIGHT + SETTLED_AFTER)
    )

    assert early.round()["days rolled up"] == 6
    assert late.round()["days rolled up"] == 1
    assert late.round()["days rolled up"] == 0
