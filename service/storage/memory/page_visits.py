"""Reports of requests of hosted pages, in memory."""

from __future__ import annotations

from datetime import datetime

from service.storage.memory.shelves import Shelves, Undo, Write


class MemoryPageVisits:
    """See ``service.usecases.ports_page_visits.PageVisits``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, who: bytes, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            self._shelves.page_visits.append((who, at))
            return self._shelves.page_visits.pop

        self._staged.append(write)

    def count(self, who: bytes, *, since: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            return sum(each == who and at >= since for each, at in self._shelves.page_visits)

    def purge(self, *, before: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            kept = [each for each in self._shelves.page_visits if each[1] >= before]
            gone = len(self._shelves.page_visits) - len(kept)
            self._shelves.page_visits = kept
            return gone
