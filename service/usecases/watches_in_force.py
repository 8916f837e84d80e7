"""Watches in force: kept in the process and read again every few seconds, so that no decision pays for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from models.linkage.identifier import Identifier
from service.domain.errors import UnavailableError
from service.domain.watch import WATCHED_KINDS, Watch, Watches
from service.usecases.ports import Begin, UnitOfWork

FRESH_FOR_S = 5.0


class WatchesInForce:
    """The watches that hold now."""

    def __init__(self, begin: Begin, monotonic: Callable[[], float]) -> None:
        self._begin = begin
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._due = float("-inf")
        self._watches = Watches()

    def matching(self, work: UnitOfWork, identifiers: Sequence[Identifier], *, now: datetime) -> tuple[Watch, ...]:
        """The watches that a sign-up with these identifiers matches. ``work`` is asked for digests, not for rows."""
        standing = self._standing(now)
        if not standing:
            return ()
        habits = [(each.kind, each.value) for each in identifiers if each.kind in WATCHED_KINDS]
        keys = {(key.kind, key.digest) for key in work.clusters.keys_of(habits)}
        return tuple(watch for watch in standing.matching(keys) if watch.until > now)

    def _standing(self, now: datetime) -> Watches:
        """One caller in a few seconds looks again; nobody waits for it."""
        if self._monotonic() >= self._due and self._looking.acquire(blocking=False):
            try:
                with self._begin() as work:
                    self._watches = Watches(work.after_bans.watches(now=now))
                self._due = self._monotonic() + FRESH_FOR_S
            except UnavailableError:
                pass  # those known so far hold on; the decision itself will say that the database is away
            finally:
                self._looking.release()
        return self._watches
