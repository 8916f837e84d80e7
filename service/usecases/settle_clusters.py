"""Settle clusters: what requests left behind, or could not see of each other because they came at the same moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.identifiers import identifiers_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from service.usecases.ports import Begin

UNSEEN_WITHIN = timedelta(seconds=10)
"""Two requests that took longer to commit than this have failed."""

LOOKED_AT = 3_000
"""The newest sign-ups: more than come between two rounds."""


@dataclass(frozen=True, slots=True)
class SettleClusters:
    """A job of the worker."""

    begin: Begin
    reference: Reference

    def __call__(self, now: datetime) -> int:
        """Unite what waits, and look again at those who could not see each other; how much was done."""
        with self.begin() as work:
            done = work.clusters.settle(at=now)
            numbers = work.clusters.simultaneous(within=UNSEEN_WITHIN, limit=LOOKED_AT)
            records = work.ledger.several(numbers)
        for recorded in records:
            signals = derive_signals(recorded.signup, self.reference)
            identifiers = identifiers_of(recorded.signup, signals)
            with self.begin() as work:
                linkage = work.ledger.linkage_again(recorded, identifiers, now=recorded.signup.occurred_at)
                own = work.clusters.cluster_of(recorded.signup_no)
                clusters = sorted({*linkage.company.clusters, *(() if own is None else (own,))})
                if len(clusters) > 1:
                    work.clusters.unite(clusters, through=recorded.signup_no, at=now)
                    done += 1
        return done
