"""Unite what a recorded sign-up ties together, as it would if it came at an instant with these identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.linkage.identifier import Identifier
from service.usecases.ports import Recorded, UnitOfWork


def unite_tied(
    work: UnitOfWork, recorded: Recorded, identifiers: Sequence[Identifier], *, came_at: datetime, now: datetime
) -> bool:
    """Unite its cluster with those of whom the identifiers tie it to, at once; whether there was anything to unite.

    Pairs tie on both sides of ``came_at``: what came a moment later is seen too.
    """
    linkage = work.ledger.linkage_again(recorded, identifiers, now=came_at)
    clusters = {*linkage.company.clusters, work.clusters.cluster_of(recorded.signup_no)} - {None}
    if len(clusters) < 2:
        return False
    work.clusters.unite(sorted(each for each in clusters if each is not None), through=recorded.signup_no, at=now)
    return True
