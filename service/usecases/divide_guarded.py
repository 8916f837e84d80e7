"""Divide what is guarded: whoever sets a guard parts those whom it tied, and here it is done where they died before."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.linkage.identifier import Strength, strength_of
from models.linkage.joining import GuardState
from service.domain.errors import ConflictError
from service.usecases.cut_identifier import UNDER_WAY
from service.usecases.divide_cluster import clusters_with_several, divide
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_clusters import Guard

LOOKS_A_ROUND = 200
"""At identifiers, and at clusters of which several members carry one: a second or two after a restart, then nothing."""

WEEK = timedelta(days=7)
"""Who was in flight when an identifier was cut is recorded moments later. A worker that was away for longer than this
leaves the cluster to whoever asks for the cut again; one that restarts need not read those of all cuts ever made."""

_OWN = (GuardState.EXEMPT, GuardState.SHARED)
"""What the worker guards itself."""


class DivideGuarded:
    """A job of the worker, which remembers the guards that it has seen divided: a restart costs one look at each.

    What is fresh is looked at twice: a sign-up or something learnt at the moment when the guard was set may have read
    that there was none, and tied by it after the first look.
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._divided: dict[Guard, datetime] = {}

    def __call__(self, now: datetime) -> int:
        """Look at guards that this process has not seen divided, some a round; how many members left clusters."""
        with self._begin() as work:
            standing = [guard for guard in work.clusters.guards() if _is_to_be_divided(guard, now)]
        self._divided = {guard: self._divided[guard] for guard in standing if guard in self._divided}
        moved = looks = 0
        for guard in standing:
            if not self._is_due(guard, now):
                continue
            if looks >= LOOKS_A_ROUND:
                break
            with self._begin() as work:
                tied = _clusters_to_divide(work, guard, now)
            looks += 1 + len(tied)
            try:
                moved += sum(len(divide(self._begin, cluster, guard.key, at=now)) for cluster in tied)
            except ConflictError:
                continue  # members came and left all the time: the next round looks again
            self._divided[guard] = now
        return moved

    def _is_due(self, guard: Guard, now: datetime) -> bool:
        divided_at, settled_from = self._divided.get(guard), guard.since + UNDER_WAY
        return divided_at is None or divided_at < settled_from <= now


def _is_to_be_divided(guard: Guard, now: datetime) -> bool:
    """What ties nobody holds nobody together; of a cut that is what it left, once whoever asked for it must be done."""
    if guard.state is GuardState.CUT:
        return now - guard.since >= UNDER_WAY
    return guard.state in _OWN


def _clusters_to_divide(work: UnitOfWork, guard: Guard, now: datetime) -> list[int]:
    """Where several carry it, and what it was cut out of: whoever was judged before the cut joined that afterwards.

    A cut of a medium identifier divides no other cluster than the one that a person named.
    """
    named = None
    if guard.cluster is not None and now - guard.since < WEEK:
        named = work.clusters.root(guard.cluster)
    cut_out_of = set() if named is None else {named}
    if guard.state is GuardState.CUT and strength_of(guard.key.kind) is not Strength.STRONG:
        return sorted(cut_out_of)
    return sorted({*clusters_with_several(work, guard.key), *cut_out_of})
