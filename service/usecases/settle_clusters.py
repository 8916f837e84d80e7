"""Settle clusters: finish merges, and look again at those who came at one moment and could not see each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.identifiers import identifiers_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.unite_tied import unite_tied

MOMENT = timedelta(seconds=10)
"""Two sign-ups this close may each have looked before the other was committed."""
NEWEST = 3_000
"""How far back is looked in every round: minutes of the busiest hour."""


@dataclass(frozen=True, slots=True)
class SettleClusters:
    """A job of the worker."""

    begin: Begin
    reference: Reference

    def __call__(self, now: datetime) -> int:
        """Settle; how much was done."""
        with self.begin() as work:
            done = work.clusters.settle(at=now)
            numbers = work.clusters.simultaneous(within=MOMENT, limit=NEWEST)
            return done + sum(self._united(work, each, now) for each in work.ledger.several(numbers))

    def _united(self, work: UnitOfWork, recorded: Recorded, now: datetime) -> bool:
        signals = derive_signals(recorded.signup, self.reference)
        identifiers = identifiers_of(recorded.signup, signals)
        return unite_tied(work, recorded, identifiers, came_at=recorded.signup.occurred_at, now=now)
