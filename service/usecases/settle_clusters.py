"""Settle clusters: finish what was learnt, and merges, and look again at who could not see what happened meanwhile.

They came at one moment and could not see each other, or a containment that they touched was released meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.identifiers import identifiers_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from service.domain.containment import Containment, oldest_first
from service.domain.errors import ConflictError
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.touch_learnt import MOMENT, touch_carriers
from service.usecases.unite_tied import unite_tied

NEWEST = 3_000
"""How far back is looked in every round: minutes of the busiest hour."""

RELEASED_WITHIN = timedelta(minutes=10)
"""A round of the worker follows a release by then, however much there is to be done before it."""


@dataclass(frozen=True, slots=True)
class SettleClusters:
    """A job of the worker."""

    begin: Begin
    reference: Reference

    def __call__(self, now: datetime) -> int:
        """Settle; how much was done."""
        with self.begin() as work:
            waiting = work.clusters.waiting()
            # Where whoever had something learnt was interrupted before this; for everybody else it finds nobody.
            if touch_carriers(work, waiting):
                work.commit()
            done = work.clusters.settle(waiting, at=now)
            numbers = work.clusters.simultaneous(within=MOMENT, limit=NEWEST)
            done += sum(self._united(work, each, now) for each in work.ledger.several(numbers))
        self._look_again_after_releases(now)
        return done

    def _look_again_after_releases(self, now: datetime) -> None:
        """Have those looked at again who were judged before a release and recorded after it, which passed them by."""
        with self.begin() as work:
            together: dict[tuple[int, datetime], list[Containment]] = defaultdict(list)
            for each in work.containments.released(since=now - RELEASED_WITHIN):
                cluster = work.clusters.root(each.cluster)
                if cluster is not None and each.released_at is not None and not each.declined:
                    together[cluster, each.released_at].append(each)
            for (cluster, released_at), released in together.items():
                if any(came.recorded_at > released_at - MOMENT for came in work.clusters.newest(cluster, limit=1)):
                    numbers, since = oldest_first(released), min(each.opened_at for each in released)
                    work.containments.look_again_at(numbers, cluster=cluster, since=since, held_by=numbers)
            with suppress(ConflictError):  # another worker has had them looked at again
                work.commit()

    def _united(self, work: UnitOfWork, recorded: Recorded, now: datetime) -> bool:
        signals = derive_signals(recorded.signup, self.reference)
        identifiers = identifiers_of(recorded.signup, signals)
        return unite_tied(work, recorded, identifiers, came_at=recorded.signup.occurred_at, now=now)
