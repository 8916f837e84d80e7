"""Decline a containment that waits: nobody was touched, and the evidence counts that came while it waited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from service.domain.containment import Containment
from service.usecases.ports import UnitOfWork


def decline_containment(
    work: UnitOfWork, pending: Containment, clusters: Collection[int], *, by: str, now: datetime
) -> None:
    """Stage: it is off the table, and whichever of the clusters of those it touches was judged meanwhile is so again.

    Raises (from ``commit``):
        ConflictError: it no longer waits.
    """
    work.containments.decline(pending.number, at=now, by=by)
    # Those who waited were left alone by the judgement; where nothing was judged since, nothing was missed.
    work.containments.judge_again(clusters, since=pending.opened_at)
