"""The lists as every process holds them: digests of all entries in memory, brought up to date every few seconds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from models.linkage.identifier import IdentifierKind
from models.signals.signals import Signals
from service.domain.errors import UnavailableError
from service.domain.standing import ListHit
from service.usecases.in_force import FRESH_FOR_S
from service.usecases.listed_values import shown
from service.usecases.ports import Begin
from service.usecases.ports_lists import ListChange

MOST_ENTRIES = 200_000
"""On all lists together: some 60 MB in every process. Whoever needs more wants a rule or a feature instead."""

_log = logging.getLogger(__name__)


class ListsInForce:
    """Which entries hold for a sign-up. A decision asks no database; one caller in a few seconds reads what changed."""

    def __init__(
        self,
        begin: Begin,
        digests: Callable[[IdentifierKind, str], Sequence[bytes]],
        monotonic: Callable[[], float],
    ) -> None:
        self._begin = begin
        self._digests = digests
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._due = float("-inf")
        self._revision: int | None = None
        self._entries: dict[bytes, tuple[ListChange, ...]] = {}

    def __call__(self, signals: Callable[[], Signals], now: datetime) -> tuple[ListHit, ...]:
        """The entries that hold at ``now``; ``signals`` are made only where there is an entry to compare them with.

        Raises:
            UnavailableError: the lists were never read and the database cannot be used.
        """
        if self._monotonic() >= self._due and self._looking.acquire(blocking=self._revision is None):
            try:
                self._look()
            finally:
                self._looking.release()
        if not self._entries:
            return ()
        found = {
            each.entry_id: ListHit(each.list, each.kind, each.entry_id)
            for kind, value in shown(signals())
            for digest in self._digests(kind, value)
            for each in self._entries.get(digest, ())
            if each.expires_at is None or now < each.expires_at
        }
        return tuple(found.values())

    def _look(self) -> None:
        if self._monotonic() < self._due:
            return
        try:
            self._bring_up_to_date()
        except UnavailableError:
            if self._revision is None:
                raise
            _log.warning("the lists cannot be read; those known go on holding")
        self._due = self._monotonic() + FRESH_FOR_S

    def _bring_up_to_date(self) -> None:
        with self._begin() as work:
            # The revision first: what is committed between the two reads is read now and, harmlessly, once more.
            revision = work.lists.revision()
            if revision == self._revision:
                return
            known = self._revision or 0
            changes = work.lists.changes(after=known if known <= revision else 0)
        entries = self._entries if 0 < known <= revision else {}
        for change in changes:
            others = tuple(each for each in entries.get(change.digest, ()) if each.entry_id != change.entry_id)
            kept = others if change.removed else (*others, change)
            if kept:
                entries[change.digest] = kept
            else:
                entries.pop(change.digest, None)
        self._entries, self._revision = entries, revision
        _log.info("lists in force", extra={"revision": revision, "digests": len(entries)})
