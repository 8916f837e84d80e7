"""Lift a guard: an identifier ties again, leads to those who carry it, and is held where they are contained."""

from __future__ import annotations

from datetime import datetime

from models.linkage.identifier import Strength, strength_of
from models.linkage.marks import Mark, most_bans
from service.usecases.ports import UnitOfWork
from service.usecases.ports_clusters import Guard

EVERY_CARRIER = 1_000_000


def lift_guard(work: UnitOfWork, guard: Guard, *, at: datetime) -> None:
    """Stage it; ``unite_carriers`` makes the clusters of those who carry it one afterwards.

    While it tied nobody it led nowhere that mattered: its carriers may have left the cluster that it leads to, and who
    carries it next would join strangers there. Likewise a containment lets go of what only a part of it shared with
    others, and holds nothing that is guarded when it is opened. And whoever looked back from a ban of one of them
    meanwhile passed over those whom only this tied.

    Raises:
        ConflictError: at commit; somebody else lifted it at the same moment.
    """
    key = guard.key
    work.clusters.lift_guard(guard)
    if strength_of(key.kind) is not Strength.STRONG:
        return
    for newest in work.clusters.carriers(key, limit=1):
        work.clusters.lead(key, newest.signup_no)
    work.clusters.hold_of(key, at=at)
    bans = [each for each in work.clusters.known_of(key, limit=most_bans(key.kind)) if each.mark is Mark.BANNED]
    for ban in sorted(bans, key=lambda each: each.signup_no):
        work.after_bans.due_again(ban, reaching=True, at=at)
