"""Rebuild vectors: live through the recorded sign-ups again, each seeing what was recorded and known before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.features.catalogue import FEATURES
from models.frozen import frozen
from models.linkage.memory import MemoryHistory
from models.reference.reference import Reference
from models.replay import Known, KnownFeed, Recording, replay_pages
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_recordings import RecordedSignup

VECTOR_BYTES = 4 * len(FEATURES)


@frozen
class Rebuilt:
    """A recorded sign-up with its vector in this release's catalogue.

    ``equal`` says whether it is the vector that was logged with the first decision, to the last bit; ``None`` where
    that one was of another catalogue, or there is none.
    """

    recorded: RecordedSignup
    vector: bytes
    equal: bool | None


@dataclass(frozen=True, slots=True)
class RebuildVectors:
    """Over a history in memory, which holds everything recorded so far and grows with it.

    Outcomes and results of challenges become known when they did. Containments, guards and identifiers that were
    learnt or cut out later are not lived through again: where they touched a sign-up its vector may differ.
    """

    begin: Begin
    reference: Reference

    def __call__(self, *, remembered: int = 0, seen: Callable[[int], None] = lambda _: None) -> Iterator[Rebuilt]:
        """Every recorded sign-up in the order of recording but the first ``remembered``, whose vectors are known.

        Args:
            remembered: so many are only remembered.
            seen: told how many were read.
        """
        with self.begin() as work:
            # Marks name sign-ups by number, and the history counts from one: numbers may have gaps.
            places: dict[int, int] = {}
            feed = _feed(work, places)
            waiting: deque[RecordedSignup] = deque()

            def stream() -> Iterator[Recording]:
                for place, recorded in enumerate(work.recordings.stream(), start=1):
                    places[recorded.signup_no] = place
                    if place > remembered:
                        waiting.append(recorded)
                    seen(place)
                    yield Recording(recorded.signup, recorded.recorded_at)

            for replayed in replay_pages(
                stream(), reference=self.reference, history=MemoryHistory(), feed=feed, remembered=remembered
            ):
                recorded = waiting.popleft()
                vector = replayed.vector.astype("<f4", copy=False).tobytes()
                yield Rebuilt(recorded, vector, _equal(recorded, vector))


class _Feed(KnownFeed):
    """Names sign-ups by their places in the stream, which are known once they were read."""

    def __init__(self, places: dict[int, int]) -> None:
        super().__init__()
        self._places = places

    def place_of(self, known: Known) -> int:
        """The place of the sign-up; what is known of it was recorded after it, so it has one."""
        return self._places[known.signup_no]


def _feed(work: UnitOfWork, places: dict[int, int]) -> KnownFeed:
    feed = _Feed(places)
    for each in work.clusters.marked():
        feed.add(Known(each.at, each.signup_no, each.mark))
        if each.withdrawn_at is not None:
            feed.add(Known(each.withdrawn_at, each.signup_no, each.mark, withdrawn=True))
    return feed


def _equal(recorded: RecordedSignup, vector: bytes) -> bool | None:
    logged = None if recorded.first is None else recorded.first.vector
    return None if logged is None or len(logged) != VECTOR_BYTES else logged == vector
