"""The worker: what no request waits for, done again and again until it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from service.domain.errors import UnavailableError
from service.usecases.ports import Begin

IDEMPOTENCY_KEPT_FOR = timedelta(days=8)
"""The promise is seven days; the day more spares everybody an argument about time zones."""

SEAL_BATCH = 1_000

SETTLED_AFTER = timedelta(minutes=2)
"""A day is rolled up this long after it ended: a request that began before midnight has committed or failed by then."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of the worker did."""

    sealed: int
    forgotten: int
    rolled_up: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker; several may run on PostgreSQL, one suffices on SQLite.

    ``checkpoint`` moves SQLite's write-ahead log into the database, so that no commit of a request has to.
    """

    begin: Begin
    now: Callable[[], datetime]
    checkpoint: Callable[[], None] = lambda: None

    def run(self, *, wait: Callable[[float], bool], every_s: float = 5.0) -> None:
        """Work in rounds until ``wait(seconds)`` answers that it is time to stop; a failed round is waited out."""
        while True:
            try:
                done = self.round()
                if done != Round(sealed=0, forgotten=0):
                    _log.info("worker round", extra=asdict(done))
            except UnavailableError:
                _log.warning("the database cannot be used; trying again")
            except Exception:
                # The edge: nobody would notice that a worker ended, and the audit record would stay unsealed.
                _log.exception("a worker round failed; trying again")
            if wait(every_s):
                return

    def round(self) -> Round:
        """Seal the audit entries of finished transactions, forget old Idempotency-Keys, roll up days that ended.

        Raises:
            UnavailableError: the database cannot be used.
        """
        sealed = self._seal()
        with self.begin() as work:
            forgotten = work.idempotency.purge(before=self.now() - IDEMPOTENCY_KEPT_FOR)
            work.commit()
        rolled_up = self._roll_up()
        self.checkpoint()
        return Round(sealed=sealed, forgotten=forgotten, rolled_up=rolled_up)

    def _roll_up(self) -> int:
        before, rolled_up = self.now() - SETTLED_AFTER, 0
        with self.begin() as work:
            while work.roll_ups.roll_up(before=before):
                rolled_up += 1
        return rolled_up

    def _seal(self) -> int:
        sealed = 0
        while True:
            with self.begin() as work:
                batch = work.audit.seal(at=self.now(), limit=SEAL_BATCH)
                work.commit()
            sealed += batch
            if batch < SEAL_BATCH:
                return sealed
