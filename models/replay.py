"""Replay: the steps from sign-up to feature vector over a history in memory, exactly as the service takes them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count

from models.features.catalogue import Vector, vector_of
from models.features.facts import Facts
from models.frozen import frozen
from models.identifiers import identifiers_of
from models.linkage.history import History, Link
from models.linkage.identifier import Identifier
from models.linkage.marks import Mark
from models.linkage.velocity import day_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import Signup


@frozen
class Replayed:
    """One sign-up as the service would have seen it."""

    facts: Facts
    identifiers: tuple[Identifier, ...]
    vector: Vector


@frozen
class Known:
    """Something became known of a recorded sign-up at an instant; ``withdrawn`` when it turned out otherwise."""

    at: datetime
    signup_no: int
    mark: Mark
    withdrawn: bool = False


class KnownFeed:
    """What becomes known while a stream is replayed: told in the order of time, never before it is known."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Known]] = []
        self._order = count()

    def add(self, known: Known) -> None:
        """It will be known at its instant."""
        heapq.heappush(self._waiting, (known.at, next(self._order), known))

    def place_of(self, known: Known) -> int:
        """The number under which the history knows the sign-up."""
        return known.signup_no

    def tell(self, history: History, *, until: datetime) -> None:
        """Tell a history what is known by an instant."""
        while self._waiting and self._waiting[0][0] <= until:
            _, _, known = heapq.heappop(self._waiting)
            if known.withdrawn:
                history.unmark(self.place_of(known), known.mark)
            else:
                history.mark(self.place_of(known), known.mark, known.at)


@frozen
class Recording:
    """A sign-up and when it was recorded, which is when others could see it."""

    signup: Signup
    recorded_at: datetime


def replay(
    signups: Iterable[Signup],
    *,
    reference: Reference,
    history: History,
    first_no: int = 1,
    feed: KnownFeed | None = None,
) -> Iterator[Replayed]:
    """Judge each sign-up against those before it, then remember it.

    The stream is taken as recorded in its own order, each sign-up at the instant it occurred: a simulated or
    exported stream is in time order. Numbers count up from ``first_no``. The days are rolled up at midnight UTC,
    as the service's worker does minutes after it. ``feed`` tells what becomes known in between: outcomes and results of
    challenges; a caller may add to it while it replays.
    """
    recordings = (Recording(signup, signup.occurred_at) for signup in signups)
    return replay_recorded(recordings, reference=reference, history=history, first_no=first_no, feed=feed)


def replay_recorded(
    recordings: Iterable[Recording],
    *,
    reference: Reference,
    history: History,
    first_no: int = 1,
    feed: KnownFeed | None = None,
    remembered: int = 0,
) -> Iterator[Replayed]:
    """As ``replay``, of sign-ups in the order in which they were recorded, at whatever time they occurred.

    The first ``remembered`` are only remembered: what was made of them is known already.
    """
    today: int | None = None
    for place, recording in enumerate(recordings):
        signup, recorded_at = recording.signup, recording.recorded_at
        signals = derive_signals(signup, reference)
        identifiers = identifiers_of(signup, signals)
        day = day_of(recorded_at)
        if today is None or day > today:
            history.roll_up(day)
            today = day
        if feed is not None:
            feed.tell(history, until=signup.occurred_at)
        joins = None
        if place >= remembered:
            linkage = history.linkage_of(identifiers, now=signup.occurred_at)
            facts = Facts(signup=signup, signals=signals, linkage=linkage)
            joins = linkage.company.clusters
            yield Replayed(facts=facts, identifiers=identifiers, vector=vector_of(facts))
        history.record(
            Link(
                signup_no=first_no + place,
                recorded_at=recorded_at,
                occurred_at=signup.occurred_at,
                account_type=signup.account_type,
                identifiers=identifiers,
                clusters=joins,
            )
        )
