"""The worker seals, forgets and checkpoints; a database that is away is waited out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from service.domain.errors import UnavailableError
from service.domain.event import Event, EventType
from service.domain.reviewer import Role
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.ports import NewRecord
from service.usecases.ports_idempotency import IdempotencyClaim
from service.usecases.ports_reviewers import Session
from service.usecases.sign_in import LASTS, WINDOW
from service.worker import EVENTS_KEPT_FOR, IDEMPOTENCY_KEPT_FOR, MOST_TURNS, Job, Worker, housekeeping

SEALED, FORGOTTEN = "audit entries sealed", "Idempotency-Keys forgotten"


def test_a_round_seals_what_was_committed(
    store: Any, make_record: Callable[..., NewRecord], record_all: Callable[..., None], noon: datetime
) -> None:
    record_all(store, make_record(), make_record())
    worker = Worker(housekeeping(store.begin), now=lambda: noon)

    assert worker.round()[SEALED] == 2
    assert worker.round()[SEALED] == 0
    with store.begin() as work:
        verdict = work.audit.verify()
    assert (verdict.entries, verdict.unsealed, verdict.problem) == (2, 0, None)


def test_an_answered_key_is_kept_for_a_week_and_forgotten_after_its_time(store: Any, noon: datetime) -> None:
    claim = IdempotencyClaim("acme", "k", bytes(32))
    with store.begin() as work:
        work.idempotency.claim(claim, now=noon)
        work.idempotency.answer(claim, status=201, body=b"{}")
        work.commit()

    week = Worker(housekeeping(store.begin), now=lambda: noon + timedelta(days=7)).round()
    over = noon + IDEMPOTENCY_KEPT_FOR + timedelta(seconds=1)
    after = Worker(housekeeping(store.begin), now=lambda: over).round()

    assert (week[FORGOTTEN], after[FORGOTTEN]) == (0, 1)


def test_events_that_nobody_waits_for_are_purged_after_a_month(store: Any, noon: datetime) -> None:
    purged = "old events and deliveries purged"
    with store.begin() as work:
        work.events.add(Event("e1", EventType.SIGNUP_DECIDED, "acme", "r1", noon, noon, {}))
        work.commit()
    with store.begin() as work:
        work.deliveries.fan_out(now=noon, limit=10)

    month = Worker(housekeeping(store.begin), now=lambda: noon + EVENTS_KEPT_FOR).round()
    after = Worker(housekeeping(store.begin), now=lambda: noon + EVENTS_KEPT_FOR + timedelta(seconds=1)).round()

    assert (month[purged], after[purged], EVENTS_KEPT_FOR) == (0, 1, timedelta(days=30))


def test_a_session_and_a_failed_sign_in_are_forgotten_once_they_count_no_more(store: Any, noon: datetime) -> None:
    forgotten = "old sessions and failed sign-ins forgotten"
    ManageReviewers(store.begin).create("dana", Role.REVIEWER, actor="tests", now=noon)
    with store.begin() as work:
        work.reviewers.begin_session(Session(bytes(32), "dana", noon, noon))
        work.reviewers.add_failure(b"somebody", at=noon)
        work.commit()

    def round_after(length: timedelta) -> int:
        return Worker(housekeeping(store.begin), now=lambda: noon + length).round()[forgotten]

    second = timedelta(seconds=1)
    assert [round_after(length) for length in (WINDOW, WINDOW + second, LASTS, LASTS + second)] == [0, 1, 0, 1]
    with store.begin() as work:
        assert work.reviewers.session(bytes(32)) is None


def test_a_database_that_is_away_is_waited_out(noon: datetime) -> None:
    waits: list[float] = []

    def away() -> Any:
        raise UnavailableError("away")

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 3

    Worker(housekeeping(away), now=lambda: noon).run(wait=wait)

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

    Worker(housekeeping(store.begin, checkpoint=store.checkpoint), now=lambda: noon).round()

    assert file.read_bytes() != before


def test_a_round_that_fails_does_not_end_the_worker(noon: datetime, caplog: Any) -> None:
    waits: list[float] = []

    def broken() -> Any:
        raise RuntimeError("bug: broken")

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 3

    Worker(housekeeping(broken), now=lambda: noon).run(wait=wait)

    assert len(waits) == 3
    assert "a job of the worker failed" in caplog.text


def test_a_job_that_fails_keeps_no_other_from_running(noon: datetime) -> None:
    ran: list[datetime] = []

    def broken(now: datetime) -> int:
        raise RuntimeError("bug: broken")

    def working(now: datetime) -> int:
        ran.append(now)
        return 1

    Worker((Job("broken", broken), Job("done", working)), now=lambda: noon).run(wait=lambda _: True)

    assert ran == [noon]


def counting(name: str, counts: list[int], ran: list[str], **parts: Any) -> Job:
    """A job that did so much, one after the other, and then nothing."""

    def run(now: datetime) -> int:
        ran.append(name)
        return counts.pop(0) if counts else 0

    return Job(name, run, **parts)


def test_the_turns_of_a_job_follow_each_other_and_nobody_who_waits_waits_for_all_of_them(noon: datetime) -> None:
    ran: list[str] = []
    jobs = (
        counting("prompt", [1, 2, 3, 4], ran, prompt=True),
        counting("long", [10, 10, 4], ran, turn=10),
        counting("late", [1, 1], ran),
    )

    done = Worker(jobs, now=lambda: noon).round()

    assert ran == ["prompt", "long", "prompt", "long", "prompt", "long", "late"]
    assert done == {"prompt": 6, "long": 24, "late": 1}


def test_a_job_that_never_comes_to_an_end_leaves_the_others_their_turn(noon: datetime) -> None:
    ran: list[str] = []
    jobs = (counting("long", [10] * 100, ran, turn=10), counting("late", [1], ran))

    done = Worker(jobs, now=lambda: noon).round()

    assert done == {"long": 10 * MOST_TURNS, "late": 1}


def test_a_worker_that_is_to_stop_begins_no_further_turn(noon: datetime) -> None:
    ran: list[str] = []

    Worker((counting("long", [10] * 100, ran, turn=10),), now=lambda: noon).run(wait=lambda _: True)

    assert ran == ["long"]
