"""Group commit: one transaction for all who wait, and nobody pays for another's mistake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import Connection

from service.domain.errors import UnavailableError
from service.storage.sql.engine import open_engine
from service.storage.sql.group_commit import GroupCommit, Writer
from service.storage.sql.sqlite_writers import SqliteWriters
from service.storage.sql.store import SqlStore
from service.usecases.ports import AlreadyRecordedError, NewRecord
from service.usecases.ports_search import SearchQuery


def all_at_once(runners: Sequence[Callable[[], object]]) -> list[object]:
    """Run all in threads; results or the errors raised, in order."""

    def run(runner: Callable[[], object]) -> object:
        try:
            return runner()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(runners)) as threads:
        return list(threads.map(run, runners))


def test_writers_who_wait_share_one_group() -> None:
    groups: list[int] = []
    first_runs, others_wait = threading.Event(), threading.Event()

    def run_group(writers: Sequence[Writer]) -> None:
        groups.append(len(writers))
        first_runs.set()
        others_wait.wait(5)
        for writer in writers:
            writer.result = len(groups)

    commits = GroupCommit(run_group, timeout_s=5)
    with ThreadPoolExecutor(8) as threads:
        leading = threads.submit(commits.run, lambda _: None)
        first_runs.wait(5)
        waiting = [threads.submit(commits.run, lambda _: None) for _ in range(7)]
        while len(commits._waiting) < 7:
            time.sleep(0.001)
        others_wait.set()
        results = [each.result(5) for each in (leading, *waiting)]

    assert groups == [1, 7]
    assert results == [1] + [2] * 7


def test_a_group_that_fails_as_a_whole_tells_everyone_and_the_next_one_runs() -> None:
    failing = True

    def run_group(writers: Sequence[Writer]) -> None:
        if failing:
            raise OSError("the disk is gone")

    commits = GroupCommit(run_group, timeout_s=5)
    results = all_at_once([lambda: commits.run(lambda _: None)] * 6)
    failing = False

    assert all(isinstance(result, OSError) for result in results)
    assert commits.run(lambda _: None) is None


def test_whoever_waits_too_long_gives_up_and_is_not_written_later() -> None:
    written: list[str] = []
    started, release = threading.Event(), threading.Event()

    def run_group(writers: Sequence[Writer]) -> None:
        started.set()
        release.wait(5)
        for writer in writers:
            writer.work(None)  # type: ignore[arg-type]

    commits = GroupCommit(run_group, timeout_s=0.1)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(commits.run, lambda _: written.append("slow"))
        started.wait(5)
        with pytest.raises(UnavailableError, match="busy"):
            commits.run(lambda _: written.append("late"))
        release.set()
        slow.result(5)
    commits.run(lambda _: written.append("next"))

    assert written == ["slow", "next"]


def test_one_refused_record_in_a_group_takes_no_other_with_it(
    sqlite_url: str, open_store: Callable[..., SqlStore], make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    store = open_store(sqlite_url)

    def append(signup_id: str) -> None:
        with store.begin() as work:
            work.ledger.append(make_record(signup_id))
            work.commit()

    # Every sign-up comes twice, so that nearly every group has somebody who is refused.
    names = [f"su_{at}" for at in range(40) for _ in range(2)]
    results = all_at_once([lambda name=name: append(name) for name in names])  # type: ignore[misc]

    assert sum(isinstance(result, AlreadyRecordedError) for result in results) == 40
    assert sum(result is None for result in results) == 40
    with store.begin() as work:
        assert len(work.ledger.search(None, SearchQuery(limit=1_000))) == 40
        assert len(work.audit.entries(limit=1_000)) == 40


def test_what_a_writer_wrote_before_it_failed_is_undone_for_it_alone(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    writers = SqliteWriters(engine)

    def add(connection: Connection, version: int) -> None:
        connection.exec_driver_sql(
            "INSERT INTO policies (version, document, created_us, created_by, reason) VALUES (?, '', 0, '', '')",
            (version,),
        )
        if version % 3 == 0:
            raise ZeroDivisionError

    all_at_once(
        [lambda version=version: writers.transaction(lambda c: add(c, version)) for version in range(1, 31)]  # type: ignore[misc]
    )
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT version FROM policies ORDER BY version").scalars().all()
    writers.close()
    engine.dispose()

    assert kept == [version for version in range(1, 31) if version % 3]
