"""The outbox in memory."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.event import Event
from service.storage.memory.shelves import Shelves, Write


class MemoryEvents:
    """See ``service.usecases.ports.Events``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, *events: Event) -> None:
        """See the port."""
        self._staged.append(lambda: self._shelves.add_events(events))

    def of_subject(self, subject: str) -> Sequence[Event]:
        """See the port."""
        with self._shelves.lock:
            return tuple(event for event in self._shelves.events if event.subject == subject)
