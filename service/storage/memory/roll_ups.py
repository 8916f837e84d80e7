"""Daily roll-ups in memory."""

from __future__ import annotations

from datetime import datetime

from models.linkage.velocity import day_of
from service.storage.memory.shelves import Shelves


class MemoryRollUps:
    """See ``service.usecases.ports.RollUps``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def roll_up(self, *, before: datetime) -> bool:
        """See the port. Everything at once."""
        with self._shelves.lock:
            self._shelves.history.roll_up(day_of(before))
        return False
