"""Corrections of bans that are put off where something else is banned or contained, and due once nothing is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from service.domain.containment import ContainmentState
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.without_bans import HARSH

PLACES_A_ROUND = 100
"""Looked at for two questions about the cluster of each; thousands have their turn within minutes."""


class TakeUpCorrections:
    """A job of the worker, which goes round the places where corrections wait, some a round.

    What stood in the way may have been corrected, released, declined or forgotten, or be in another cluster since a
    cut or a guard. Nobody has to tell: it is seen that it is gone, so that what happens at the very moment when a
    correction is put off is not missed either. After a restart it begins with the first place.
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._after_no = 0

    def __call__(self, now: datetime) -> int:
        """Look at the next places; of how many clusters the corrections are due."""
        with self._begin() as work:
            places = work.after_bans.waiting(after_no=self._after_no, limit=PLACES_A_ROUND)
            clear = clear_ones(work, work.clusters.clusters_of(places).values())
        for cluster in sorted(clear):
            with self._begin() as work:
                work.after_bans.take_up(cluster, at=now)
                work.commit()
        self._after_no = places[-1] if len(places) == PLACES_A_ROUND else 0
        return len(clear)


def put_off(begin: Begin, signup_nos: Iterable[int], *, at: datetime) -> None:
    """Have corrections wait at these accounts. Each in a transaction of its own, which waits for nobody with anything
    locked: a release takes up several.
    """
    for number in signup_nos:
        with begin() as work:
            work.after_bans.put_off(number, at=at)
            work.commit()


def put_off_on_both_sides(
    begin: Begin, cluster: int, leaving: Iterable[Sequence[int]], staying: int | None, *, at: datetime
) -> None:
    """Where a correction waits in a cluster that is divided, or is not followed yet, have it wait in every part.

    Both before members leave, because it may be interrupted then, and after, because a correction that was put off
    between may have seen them where they were.

    Args:
        begin: begins a unit of work.
        cluster: the cluster that they leave.
        leaving: those who leave, by the part that they go to.
        staying: one who stays.
        at: when this happens.
    """
    parts = [list(part) for part in leaving]
    everybody = [number for part in parts for number in part]
    with begin() as work:
        if not work.after_bans.waits_in({cluster, *work.clusters.clusters_of(everybody).values()}):
            return
        harsh = harsh_among(work, everybody)
    places = [min(some) for part in parts if (some := harsh.intersection(part))]
    put_off(begin, [*places, *([] if staying is None else [staying])], at=at)


def clear_ones(work: UnitOfWork, clusters: Iterable[int]) -> set[int]:
    """Those of the clusters in which nothing is banned or contained."""
    return {cluster for cluster in set(clusters) if _is_clear(work, cluster)}


def one_of_each(cluster_of: Mapping[int, int]) -> list[int]:
    """Of accounts, by their clusters, the lowest number in each."""
    lowest: dict[int, int] = {}
    for number in sorted(cluster_of):
        lowest.setdefault(cluster_of[number], number)
    return sorted(lowest.values())


def harsh_among(work: UnitOfWork, signup_nos: Collection[int]) -> frozenset[int]:
    """Those who are asked or denied as it stands."""
    standings = work.cluster_list.standings(sorted(signup_nos), signals=False)
    return frozenset(number for number, each in standings.items() if each.decision in HARSH)


def _is_clear(work: UnitOfWork, cluster: int) -> bool:
    summary = work.clusters.summary(cluster)
    if summary is None or summary.frauds:
        return False
    return not any(each.state is not ContainmentState.RELEASED for each in work.containments.touching(cluster))
