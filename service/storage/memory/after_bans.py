"""Watches and look-backs in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from models.linkage.marks import Mark
from service.domain.errors import ConflictError
from service.domain.watch import Watch
from service.storage.instants import instant_of, microseconds_of
from service.storage.memory.shelves import AfterBanShelf, Shelves, Undo, Write
from service.usecases.ports_after_ban import ENDED_MEANWHILE, DueBan
from service.usecases.ports_clusters import Known

T = TypeVar("T")

_NO_BAN_US = 0
"""When the ban of an account became known that never was: before any other."""


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

    def end_watch(self, watch: Watch, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            watches = self._shelves.after_bans.watches
            stands = watches.get(watch.number)
            if stands is None or stands.until != watch.until:
                raise ConflictError(ENDED_MEANWHILE)
            watches[watch.number] = replace(stands, until=at)
            return lambda: watches.update({watch.number: stands})

        self._staged.append(write)

    def bans(self, *, limit: int) -> Sequence[DueBan]:
        """See the port."""
        with self._shelves.lock:
            clusters, shelf = self._shelves.history.clusters, self._shelves.after_bans
            known = {
                member.signup_no: instant_of(member.label_us)
                for member in clusters.labelled_members()
                if member.label is Mark.BANNED and member.label_us is not None
            }
            due = [
                number
                for number, at in known.items()
                if shelf.looked_back.get(number) != microseconds_of(at) or number in shelf.again
            ]
            due.sort(key=lambda number: (number in shelf.again, shelf.again.get(number, known[number]), number))
            bans = (Known(number, Mark.BANNED, known[number]) for number in due[:limit])
            return tuple(
                DueBan(
                    ban,
                    again_at=shelf.again.get(ban.signup_no),
                    reached_at=max(ban.at, shelf.reached.get(ban.signup_no, ban.at)),
                )
                for ban in bans
            )

    def looked_back(self, due: DueBan, *, at: datetime) -> None:
        """See the port."""
        ban, known_us = due.ban, microseconds_of(due.ban.at)

        def write() -> Undo:
            shelf, member = self._shelves.after_bans, self._shelves.history.clusters.members[ban.signup_no]
            undo = _remembering(shelf, ban.signup_no)
            if shelf.again.get(ban.signup_no) != due.again_at:
                return undo
            shelf.again.pop(ban.signup_no, None)
            shelf.looked_back[ban.signup_no] = known_us
            if (member.label, member.label_us) == (Mark.BANNED, known_us):
                shelf.corrected.pop(ban.signup_no, None)
            else:
                shelf.corrected[ban.signup_no] = at
            return undo

        self._staged.append(write)

    def due_again(self, ban: Known, *, reaching: bool, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            shelf = self._shelves.after_bans
            undo = _remembering(shelf, ban.signup_no)
            shelf.again[ban.signup_no] = at
            if reaching:
                shelf.reached[ban.signup_no] = at
            return undo

        self._staged.append(write)

    def withdrawn(self, ban: Known, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            shelf = self._shelves.after_bans
            undo = _remembering(shelf, ban.signup_no)
            shelf.looked_back[ban.signup_no] = microseconds_of(ban.at)
            shelf.corrected[ban.signup_no] = at
            shelf.again.pop(ban.signup_no, None)
            shelf.reached.pop(ban.signup_no, None)
            return undo

        self._staged.append(write)

    def corrected(self, *, limit: int) -> Sequence[Known]:
        """See the port."""
        with self._shelves.lock:
            due = sorted((at, number) for number, at in self._shelves.after_bans.corrected.items())
            return tuple(Known(number, Mark.BANNED, at) for at, number in due[:limit])

    def undone(self, ban: Known) -> None:
        """See the port."""

        def write() -> Undo:
            shelf = self._shelves.after_bans
            undo = _remembering(shelf, ban.signup_no)
            if shelf.corrected.get(ban.signup_no) == ban.at:
                del shelf.corrected[ban.signup_no]
            return undo

        self._staged.append(write)

    def put_off(self, signup_no: int, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            shelf = self._shelves.after_bans
            undo = _remembering(shelf, signup_no)
            shelf.looked_back.setdefault(signup_no, _NO_BAN_US)
            shelf.put_off[signup_no] = at
            return undo

        self._staged.append(write)

    def waiting(self, *, after_no: int, limit: int) -> Sequence[int]:
        """See the port."""
        with self._shelves.lock:
            return [number for number in sorted(self._shelves.after_bans.put_off) if number > after_no][:limit]

    def waits_in(self, clusters: Collection[int]) -> bool:
        """See the port."""
        with self._shelves.lock:
            shelf, numbers_of = self._shelves.after_bans, self._shelves.history.clusters.numbers_of
            waiting = shelf.put_off.keys() | shelf.corrected.keys()
            return any(not waiting.isdisjoint(numbers_of(cluster)) for cluster in clusters)

    def take_up(self, cluster: int, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            shelf, clusters = self._shelves.after_bans, self._shelves.history.clusters
            of_cluster = [each for each in clusters.numbers_of(cluster) if each in shelf.looked_back]
            waiting = [each for each in of_cluster if clusters.members[each].label is not Mark.BANNED]
            if not waiting:
                return lambda: None
            followed = next((number for number in waiting if number in shelf.corrected), None)
            if followed is not None:
                undo = _remembering(shelf, followed)
                shelf.put_off[followed] = at
                return undo
            newest = max(waiting, key=lambda each: (shelf.looked_back[each], -each))
            undo = _together(_remembering(shelf, number) for number in waiting)
            shelf.corrected[newest] = at
            for number in waiting:
                shelf.put_off.pop(number, None)
            return undo

        self._staged.append(write)


def _together(undone: Iterable[Undo]) -> Undo:
    """Puts back all of these."""
    each_of_them = list(undone)

    def undo() -> None:
        for each in each_of_them:
            each()

    return undo


def _remembering(shelf: AfterBanShelf, signup_no: int) -> Undo:
    """Puts back what is known of one ban now."""
    looked_back, corrected = shelf.looked_back.get(signup_no), shelf.corrected.get(signup_no)
    again, reached = shelf.again.get(signup_no), shelf.reached.get(signup_no)
    put_off = shelf.put_off.get(signup_no)

    def undo() -> None:
        _put_back(shelf.looked_back, signup_no, looked_back)
        _put_back(shelf.corrected, signup_no, corrected)
        _put_back(shelf.again, signup_no, again)
        _put_back(shelf.reached, signup_no, reached)
        _put_back(shelf.put_off, signup_no, put_off)

    return undo


def _put_back(kept: dict[int, T], signup_no: int, value: T | None) -> None:
    if value is None:
        kept.pop(signup_no, None)
    else:
        kept[signup_no] = value
