"""The worker: jobs that no request waits for, done round after round until it is told to stop."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.errors import UnavailableError
from service.usecases.ports import Begin
from service.usecases.sign_in import LASTS, WINDOW

IDEMPOTENCY_KEPT_FOR = timedelta(days=8)
"""The promise is seven days; the day more spares everybody an argument about time zones."""

SEAL_BATCH = 1_000

EVENTS_KEPT_FOR = timedelta(days=30)
"""How long a finished delivery can be looked at and replayed; its event goes with it."""

PURGE_BATCH = 1_000

MOST_TURNS = 10
"""Of one job in a round: then every other job is done once, and the next round goes on with it."""

SETTLED_AFTER = timedelta(minutes=2)
"""A day is rolled up this long after it ended: a request that began before midnight has committed or failed by then."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that a round does; ``run`` is told the time and answers how much it did.

    Attributes:
        name: as logs show it, in words that fit behind a number: ``audit entries sealed``.
        run: does what is due at an instant, in bounded batches; safe to run again, and beside itself.
        turn: how much one run does at most, where that may be less than all: then another turn follows at once.
        prompt: somebody waits for it, so that it is done between the turns of another job too.
    """

    name: str
    run: Callable[[datetime], int]
    turn: int | None = None
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker; several may run on PostgreSQL, one suffices on SQLite.

    A job that fails is logged and tried again in the next round; it keeps no other job from running.
    """

    jobs: tuple[Job, ...]
    now: Callable[[], datetime]

    def run(self, *, wait: Callable[[float], bool], every_s: float = 5.0) -> None:
        """Work in rounds until ``wait(seconds)`` answers that it is time to stop."""
        while True:
            done = self.round(patiently=True, stopping=lambda: wait(0.0))
            if any(done.values()):
                _log.info("worker round", extra={"done": {name: count for name, count in done.items() if count}})
            if wait(every_s):
                return

    def round(self, *, patiently: bool = False, stopping: Callable[[], bool] = lambda: False) -> Mapping[str, int]:
        """Do every job once, in its turns; how much each did, by its name.

        Args:
            patiently: log what fails and go on with the next job, in place of raising.
            stopping: no further turn of a job is begun once it answers true.

        Raises:
            UnavailableError: the database cannot be used.
        """
        done: Counter[str] = Counter()
        for job in self.jobs:
            for turn in range(MOST_TURNS):
                count = self._tried(job, patiently=patiently)
                done[job.name] += count
                if job.turn is None or count < job.turn or turn == MOST_TURNS - 1 or stopping():
                    break
                for prompt in self.jobs:
                    if prompt.prompt:
                        done[prompt.name] += self._tried(prompt, patiently=patiently)
        return done

    def _tried(self, job: Job, *, patiently: bool) -> int:
        try:
            return job.run(self.now())
        except UnavailableError:
            if not patiently:
                raise
            _log.warning("the database cannot be used; trying again", extra={"job": job.name})
        except Exception:
            if not patiently:
                raise
            # The edge: nobody would notice that a worker ended, and the audit record would stay unsealed.
            _log.exception("a job of the worker failed; trying again", extra={"job": job.name})
        return 0


def housekeeping(begin: Begin, *, checkpoint: Callable[[], None] = lambda: None) -> tuple[Job, ...]:
    """The jobs that every database needs.

    ``checkpoint`` moves SQLite's write-ahead log into the database, so that no commit of a request has to.
    """

    def seal(now: datetime) -> int:
        sealed = 0
        while True:
            with begin() as work:
                batch = work.audit.seal(at=now, limit=SEAL_BATCH)
                work.commit()
            sealed += batch
            if batch < SEAL_BATCH:
                return sealed

    def forget(now: datetime) -> int:
        with begin() as work:
            forgotten = work.idempotency.purge(before=now - IDEMPOTENCY_KEPT_FOR)
            work.commit()
        return forgotten

    def sign_out(now: datetime) -> int:
        with begin() as work:
            return work.reviewers.purge(began_before=now - LASTS, failed_before=now - WINDOW)

    def roll_up(now: datetime) -> int:
        rolled_up = 0
        with begin() as work:
            while work.roll_ups.roll_up(before=now - SETTLED_AFTER):
                rolled_up += 1
        return rolled_up

    def purge(now: datetime) -> int:
        purged = 0
        while True:
            with begin() as work:
                batch = work.deliveries.purge(before=now - EVENTS_KEPT_FOR, limit=PURGE_BATCH)
            purged += batch
            if batch < PURGE_BATCH:
                return purged

    def move_the_log(now: datetime) -> int:
        del now
        checkpoint()
        return 0

    return (
        Job("audit entries sealed", seal),
        Job("Idempotency-Keys forgotten", forget),
        Job("old sessions and failed sign-ins forgotten", sign_out),
        Job("days rolled up", roll_up),
        Job("old events and deliveries purged", purge),
        # A long job writes so much that a commit of a request would have to.
        Job("logs moved", move_the_log, prompt=True),
    )
