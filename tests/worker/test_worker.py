"""The worker seals, forgets and checkpoints; a database that is away is waited out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from service.domain.errors import UnavailableError
from service.usecases.ports import IdempotencyClaim, NewRecord
from service.worker import IDEMPOTENCY_KEPT_FOR, Worker


def test_a_round_seals_what_was_committed(
    store: Any, make_record: Callable[..., NewRecord], record_all: Callable[..., None], noon: datetime
) -> None:
    record_all(store, make_record(), make_record())
    worker = Worker(store.begin, now=lambda: noon)

    assert worker.round().sealed == 2
    assert worker.round().sealed == 0
    with store.begin() as work:
        verdict = work.audit.verify()
    assert (verdict.entries, verdict.unsealed, verdict.problem) == (2, 0, None)


def test_an_answered_key_is_kept_for_a_week_and_forgotten_after_its_time(store: Any, noon: datetime) -> None:
    claim = IdempotencyClaim("acme", "k", bytes(32))
    with store.begin() as work:
        work.idempotency.claim(claim, now=noon)
        work.idempotency.answer(claim, status=201, body=b"{}")
        work.commit()

    week = Worker(store.begin, now=lambda: noon + timedelta(days=7)).round()
    after = Worker(store.begin, now=lambda: noon + IDEMPOTENCY_KEPT_FOR + timedelta(seconds=1)).round()

    assert (week.forgotten, after.forgotten) == (0, 1)


def test_a_database_that_is_away_is_waited_out(noon: datetime) -> None:
    waits: list[float] = []

    def away() -> Any:
        raise UnavailableError("away")

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 3

    Worker(away, now=lambda: noon).run(wait=wait)

    assert len(waits) == 3


def test_a_round_on_sqlite_moves_the_log_into_the_database(
    sqlite_url: str,
    open_store: Callable[..., Any],
    make_record: Callable[..., NewRecord],
    record_all: Callable[..., None],
    noon: datetime,
) -> None:
    from pathlib import Path

    store = open_store(sqlite_url)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    record_all(store, *(make_record() for _ in range(3)))
    assert file.read_bytes() == before

    Worker(store.begin, now=lambda: noon, checkpoint=store.checkpoint).round()

    assert file.read_bytes() != before


def test_a_round_that_fails_does_not_end_the_worker(noon: datetime, caplog: Any) -> None:
    waits: list[float] = []

    def broken() -> Any:
        raise RuntimeError("bug: broken")

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 3

    Worker(broken, now=lambda: noon).run(wait=wait)

    assert len(waits) == 3
    assert "a worker round failed" in caplog.text
