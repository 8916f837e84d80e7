"""Likenesses of banned accounts in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.containment import ContainmentState, Role
from service.domain.errors import ConflictError
from service.domain.likeness import Drawn, Likeness
from service.storage.instants import microseconds_of
from service.storage.memory.shelves import Shelves, Undo, Write


class MemoryLikenesses:
    """See ``service.usecases.ports_likenesses.Likenesses``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def fallen(self, *, since: datetime, limit: int) -> Sequence[int]:
        """See the port."""
        since_us = microseconds_of(since)
        with self._shelves.lock:
            found = {
                member.signup_no
                for member in self._shelves.history.clusters.labelled_members()
                if member.label is Mark.BANNED and (member.label_us or 0) >= since_us
            }
            found.update(
                member.signup_no
                for member in self._shelves.history.clusters.failing_members()
                if member.label is None and member.occurred_us >= since_us
            )
            for kept in self._shelves.containments.values():
                containment = kept.containment
                if containment.state is ContainmentState.STANDING and (containment.stands_since or since) >= since:
                    found.update(number for number, each in kept.members.items() if each.touched.role is Role.CORE)
        return tuple(sorted(found, reverse=True)[:limit])

    def standing(self, *, now: datetime) -> Likeness | None:
        """See the port."""
        with self._shelves.lock:
            standing = [each for each in self._shelves.after_bans.likenesses.values() if each.until > now]
            return max(standing, key=lambda each: each.number, default=None)

    def drawn(self, *, since: datetime) -> Sequence[Drawn]:
        """See the port."""
        with self._shelves.lock:
            return tuple(
                Drawn(each.expected_share, each.drawn_at, each.until)
                for each in self._shelves.after_bans.likenesses.values()
                if each.until > since
            )

    def next_number(self) -> int:
        """See the port."""
        with self._shelves.lock:
            return max(self._shelves.after_bans.likenesses, default=0) + 1

    def draw(self, likeness: Likeness) -> None:
        """See the port."""

        def write() -> Undo:
            if likeness.number in self._shelves.after_bans.likenesses:
                raise ConflictError("Another likeness was drawn at the same moment; try again.")
            before = dict(self._shelves.after_bans.likenesses)
            self._end(likeness.drawn_at)
            self._shelves.after_bans.likenesses[likeness.number] = likeness
            return lambda: self._put_back(before)

        self._staged.append(write)

    def end(self, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            before = dict(self._shelves.after_bans.likenesses)
            self._end(at)
            return lambda: self._put_back(before)

        self._staged.append(write)

    def _end(self, at: datetime) -> None:
        for number, each in self._shelves.after_bans.likenesses.items():
            if each.until > at:
                self._shelves.after_bans.likenesses[number] = replace(each, until=at)

    def _put_back(self, before: dict[int, Likeness]) -> None:
        self._shelves.after_bans.likenesses = before
