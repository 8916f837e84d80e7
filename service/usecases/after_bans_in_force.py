"""What holds after bans: kept in the process and read again every few seconds, so that no decision pays for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.linkage.identifier import Identifier, IdentifierKind
from service.domain.decision import Reason
from service.domain.errors import UnavailableError
from service.domain.habits import HABIT_WORDS, SHARED_KINDS, Habits, SignalsDocument, habits_of
from service.domain.likeness import LIKE_BANNED, LIKE_BANNED_REASON, Likeness
from service.domain.watch import WATCHED, WATCHED_KINDS, WATCHED_REASON, Watches
from service.usecases.judge import Held, LookOut, look_out_for_nobody
from service.usecases.ports import Begin, UnitOfWork

FRESH_FOR_S = 5.0

_log = logging.getLogger(__name__)

_WATCHED = Held(
    WATCHED,
    Reason(WATCHED_REASON, "rule", "It has two habits in common with accounts that were banned in the last days."),
)


class AfterBansInForce:
    """The watches and the likeness that hold now."""

    def __init__(self, begin: Begin, monotonic: Callable[[], float]) -> None:
        self._begin = begin
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._due = float("-inf")
        self._standing = _Standing(Watches(), None)

    def look_out_for(self, work: UnitOfWork, identifiers: Sequence[Identifier], *, now: datetime) -> LookOut:
        """What holds for a sign-up with these identifiers. ``work`` is asked for digests, not for rows."""
        standing = self._fresh(now)
        if not standing:
            return look_out_for_nobody
        asked = [(each.kind, each.value) for each in identifiers if each.kind in _KINDS]
        keys = [(key.kind, key.digest) for key in work.clusters.keys_of(asked)]

        def look_out(score: float | None, signals: SignalsDocument) -> Sequence[Held]:
            watched = {key for key in keys if key[0] in WATCHED_KINDS}
            return (*standing.watched(watched, now), *standing.like(score, habits_of(keys, signals), now))

        return look_out

    def _fresh(self, now: datetime) -> _Standing:
        """One caller in a few seconds looks again; nobody waits for it."""
        if self._monotonic() >= self._due and self._looking.acquire(blocking=False):
            try:
                with self._begin() as work:
                    self._standing = _Standing(
                        Watches(work.after_bans.watches(now=now)), work.likenesses.standing(now=now)
                    )
            except UnavailableError as error:
                # Those known so far hold on. The next decision must not try, and wait, again: it has its own read.
                _log.warning("what holds after bans cannot be read: %s", error)
            finally:
                self._due = self._monotonic() + FRESH_FOR_S
                self._looking.release()
        return self._standing


_KINDS = frozenset(WATCHED_KINDS) | frozenset(SHARED_KINDS)


@dataclass(frozen=True, slots=True)
class _Standing:
    watches: Watches
    likeness: Likeness | None

    def __bool__(self) -> bool:
        return bool(self.watches) or self.likeness is not None

    def watched(self, keys: set[tuple[IdentifierKind, bytes]], now: datetime) -> Iterator[Held]:
        if any(watch.until > now for watch in self.watches.matching(keys)):
            yield _WATCHED

    def like(self, score: float | None, habits: Habits, now: datetime) -> Iterator[Held]:
        likeness = self.likeness
        if likeness is not None and likeness.until > now and likeness.asks(score, habits):
            yield like_the_banned(likeness, habits)


def like_the_banned(likeness: Likeness, habits: Habits) -> Held:
    """Whoever is asked for being like the banned, and what he has in common with them."""
    common = ", ".join(HABIT_WORDS[kind] for kind in likeness.weights.strongest(habits))
    text = f"It resembles accounts that were banned in the last days (by: {common or 'many small things'})."
    return Held(LIKE_BANNED, Reason(LIKE_BANNED_REASON, "rule", text))
