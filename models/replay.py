"""Replay: the steps from sign-up to feature vector over a history in memory, exactly as the service takes them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count, islice

from models.features.catalogue import Vector, vector_of, vectors_of
from models.features.facts import Facts
from models.frozen import frozen
from models.identifiers import identifiers_of
from models.linkage.history import History, Link
from models.linkage.identifier import Identifier
from models.linkage.marks import Mark
from models.linkage.velocity import day_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals, derive_signals_of_all
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
    life = _Life(history, feed)
    for place, recording in enumerate(recordings):
        signup = recording.signup
        signals = derive_signals(signup, reference)
        identifiers = identifiers_of(signup, signals)
        life.goes_on_until(recording)
        joins = None
        if place >= remembered:
            linkage = history.linkage_of(identifiers, now=signup.occurred_at)
            facts = Facts(signup=signup, signals=signals, linkage=linkage)
            joins = linkage.company.clusters
            yield Replayed(facts=facts, identifiers=identifiers, vector=vector_of(facts))
        history.record(_link(first_no + place, recording, identifiers, joins))


PAGE = 256
"""Sign-ups a page: what is made of them stays near the processor."""


def replay_pages(
    recordings: Iterable[Recording],
    *,
    reference: Reference,
    history: History,
    feed: KnownFeed | None = None,
    remembered: int = 0,
) -> Iterator[Replayed]:
    """As ``replay_recorded``, number for number, where nothing that comes later depends on what comes out.

    A page of sign-ups is read ahead; what is made of each alone, and the features, are made one kind after another for
    the whole page. Signals take two thirds of the time that way, because a processor is quick at what it did just now.
    """
    life, waiting, place = _Life(history, feed), iter(recordings), 0
    while page := list(islice(waiting, PAGE)):
        signups = [each.signup for each in page]
        signals = derive_signals_of_all(signups, reference)
        identifiers = list(map(identifiers_of, signups, signals))
        judged: list[tuple[Facts, tuple[Identifier, ...]]] = []
        for recording, derived, carried in zip(page, signals, identifiers, strict=True):
            life.goes_on_until(recording)
            joins, place = None, place + 1
            if place > remembered:
                linkage = history.linkage_of(carried, now=recording.signup.occurred_at)
                judged.append((Facts(signup=recording.signup, signals=derived, linkage=linkage), carried))
                joins = linkage.company.clusters
            history.record(_link(place, recording, carried, joins))
        vectors = vectors_of([facts for facts, _ in judged])
        for (facts, carried), vector in zip(judged, vectors, strict=True):
            yield Replayed(facts=facts, identifiers=carried, vector=vector)


class _Life:
    """What happens beside the sign-ups: days are rolled up, and things become known."""

    def __init__(self, history: History, feed: KnownFeed | None) -> None:
        self._history = history
        self._feed = feed
        self._today: int | None = None

    def goes_on_until(self, recording: Recording) -> None:
        """Everything that the history is told before a sign-up is judged."""
        day = day_of(recording.recorded_at)
        if self._today is None or day > self._today:
            self._history.roll_up(day)
            self._today = day
        if self._feed is not None:
            self._feed.tell(self._history, until=recording.signup.occurred_at)


def _link(
    number: int, recording: Recording, identifiers: tuple[Identifier, ...], joins: tuple[int, ...] | None
) -> Link:
    return Link(
        signup_no=number,
        recorded_at=recording.recorded_at,
        occurred_at=recording.signup.occurred_at,
        account_type=recording.signup.account_type,
        identifiers=identifiers,
        clusters=joins,
    )
