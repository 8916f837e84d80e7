"""How far second looks have come, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.domain.errors import ConflictError
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_second_look import Place


class MemorySecondLooks:
    """See ``service.usecases.ports_second_look.SecondLooks``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def cursor(self, after: timedelta) -> Place | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.second_looks.get(after)

    def recorded(self, *, after: Place | None, since: datetime, until: datetime, limit: int) -> Sequence[Place]:
        """See the port."""
        with self._shelves.lock:
            places = sorted(
                Place(kept.record.recorded_at, number)
                for number, kept in self._shelves.signups.items()
                if not kept.record.signup.record_only and since <= kept.record.recorded_at <= until
            )
        return tuple(place for place in places if after is None or place > after)[:limit]

    def move(self, after: timedelta, *, before: Place | None, to: Place) -> None:
        """See the port."""

        def write() -> Undo:
            looks = self._shelves.second_looks
            if looks.get(after) != before:
                raise ConflictError("Another worker has taken this step.")
            looks[after] = to

            def undo() -> None:
                if before is None:
                    del looks[after]
                else:
                    looks[after] = before

            return undo

        self._staged.append(write)
