"""Watches and look-backs in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.errors import ConflictError
from service.domain.watch import Watch
from service.storage.instants import instant_of, microseconds_of
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_clusters import Known


class MemoryAfterBans:
    """See ``service.usecases.ports_after_ban.AfterBans``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def watches(self, *, now: datetime) -> Sequence[Watch]:
        """See the port."""
        with self._shelves.lock:
            return tuple(each for _, each in sorted(self._shelves.after_bans.watches.items()) if each.until > now)

    def next_watch(self) -> int:
        """See the port."""
        with self._shelves.lock:
            return max(self._shelves.after_bans.watches, default=0) + 1

    def open_watch(self, watch: Watch) -> None:
        """See the port."""

        def write() -> Undo:
            if watch.number in self._shelves.after_bans.watches:
                raise ConflictError("Another watch was opened at the same moment; try again.")
            self._shelves.after_bans.watches[watch.number] = watch
            return lambda: self._shelves.after_bans.watches.pop(watch.number)

        self._staged.append(write)

    def bans(self, *, limit: int) -> Sequence[Known]:
        """See the port."""
        with self._shelves.lock:
            clusters, seen = self._shelves.history.clusters, self._shelves.after_bans.looked_back
            banned = sorted(
                (member.label_us, member.signup_no)
                for member in clusters.labelled_members()
                if member.label is Mark.BANNED and seen.get(member.signup_no) != member.label_us
            )
            return tuple(Known(number, Mark.BANNED, instant_of(known_us)) for known_us, number in banned[:limit])

    def looked_back(self, ban: Known, *, at: datetime) -> None:
        """See the port."""
        del at

        def write() -> Undo:
            before = self._shelves.after_bans.looked_back.get(ban.signup_no)
            self._shelves.after_bans.looked_back[ban.signup_no] = microseconds_of(ban.at)

            def undo() -> None:
                if before is None:
                    del self._shelves.after_bans.looked_back[ban.signup_no]
                else:
                    self._shelves.after_bans.looked_back[ban.signup_no] = before

            return undo

        self._staged.append(write)
