"""The limit on requests of hosted pages: one contract over memory, SQLite and PostgreSQL, and over all processes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from service.storage.sql.store import SqlStore
from service.usecases.limit_visits import MOST, PAUSE, REPORTED, WINDOW, LimitVisits

PAGE, OTHER = b"\x01" * 32, b"\x02" * 32
TICK = timedelta(microseconds=1)


def allowed(limits: list[LimitVisits], requests: int, now: datetime, page: bytes = PAGE) -> int:
    """How many of so many requests, dealt to the processes in turn, are allowed."""
    return sum(limits[number % len(limits)](page, now=now) for number in range(requests))


def test_reports_are_counted_by_page_and_window_and_forgotten(store: Any, noon: datetime) -> None:
    with store.begin() as work:
        work.page_visits.add(PAGE, at=noon)
        work.page_visits.add(PAGE, at=noon + WINDOW)
        work.page_visits.add(OTHER, at=noon)
        assert work.page_visits.count(PAGE, since=noon) == 0
        work.commit()

    with store.begin() as work:
        assert work.page_visits.count(PAGE, since=noon) == 2
        assert work.page_visits.count(PAGE, since=noon + TICK) == 1
        assert work.page_visits.purge(before=noon + TICK) == 2
        assert work.page_visits.count(PAGE, since=noon) == 1
        assert work.page_visits.count(OTHER, since=noon) == 0


def test_the_limit_holds_for_all_processes_together(store: Any, noon: datetime) -> None:
    processes = [LimitVisits(store.begin) for _ in range(4)]

    answered = allowed(processes, 10 * MOST, noon)

    assert MOST <= answered <= MOST + REPORTED * len(processes)
    assert allowed(processes, MOST, noon) == 0
    assert allowed(processes, 1, noon, OTHER) == 1


def test_who_waits_is_answered_again(store: Any, noon: datetime) -> None:
    limit = LimitVisits(store.begin)
    allowed([limit], 2 * MOST, noon)

    assert not limit(PAGE, now=noon + PAUSE - TICK)
    assert limit(PAGE, now=noon + PAUSE)
    assert allowed([limit], MOST, noon + PAUSE + WINDOW) == MOST


def test_a_person_costs_the_database_nothing(sql_store: SqlStore, noon: datetime) -> None:
    def refuse() -> Any:
        raise AssertionError("asked")

    limit = LimitVisits(refuse)

    assert allowed([limit], REPORTED - 1, noon) == REPORTED - 1
    assert LimitVisits(sql_store.begin).forget(noon) == 0
