"""Limit how often one hosted page is asked for, by all processes together and nearly for nothing.

What matters (tries of a code, codes sent) is limited elsewhere; this only keeps a page from being a lever against the
service. A process counts in memory and reports every tenth request of a page to the database, where the reports of
all processes add up. A person makes a handful of requests, and so costs no query at all.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.usecases.ports import Begin

REPORTED = 10
"""Requests that one report stands for: what a process may let through beyond the limit before the others know."""

MOST = 60
"""Requests of one page within a minute; who makes more is a program."""

WINDOW = timedelta(minutes=1)
PAUSE = timedelta(seconds=30)
_MOST_PAGES = 10_000
_KEPT = timedelta(hours=1)


@dataclass(slots=True)
class _Seen:
    """What this process knows of a page."""

    requests: int = 0
    refused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LimitVisits:
    """Says whether one more request of a page is in order."""

    begin: Begin
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pages: OrderedDict[bytes, _Seen] = field(default_factory=OrderedDict)

    def __call__(self, who: bytes, *, now: datetime) -> bool:
        """Count one request of the page whose digest is ``who``; whether it may be answered."""
        with self._lock:
            seen = self._pages.setdefault(who, _Seen())
            self._pages.move_to_end(who)
            while len(self._pages) > _MOST_PAGES:
                self._pages.popitem(last=False)
            if seen.refused_until is not None and now < seen.refused_until:
                return False
            seen.requests += 1
            if seen.requests % REPORTED:
                return True
        with self.begin() as work:
            reports = work.page_visits.count(who, since=now - WINDOW) + 1
            work.page_visits.add(who, at=now)
            work.commit()
        if reports * REPORTED > MOST:
            seen.refused_until = now + PAUSE
        return seen.refused_until is None or now >= seen.refused_until

    def forget(self, now: datetime) -> int:
        """Forget reports that no limit looks at any more; how many."""
        with self.begin() as work:
            return work.page_visits.purge(before=now - _KEPT)
