"""List clusters: how large they are, how fast they grow, what is known of them, and what attack they are part of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.attack import Attack
from service.domain.cluster import cluster_id
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_cluster_list import ClusterQuery, ListedCluster


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """One cluster. ``attacks`` go on, on a key that its newest member carries."""

    id: str
    listed: ListedCluster
    first_at: datetime
    newest_at: datetime
    attacks: tuple[Attack, ...]


@dataclass(frozen=True, slots=True)
class ListClusters:
    """One page of clusters, whoever's members they have: counted, and nobody shown."""

    begin: Begin

    def __call__(self, query: ClusterQuery) -> tuple[tuple[ClusterLine, ...], bool]:
        """The page, and whether there is another."""
        with self.begin() as work:
            found = work.cluster_list.find(replace(query, limit=query.limit + 1))
            lines = tuple(_line(work, each) for each in found[: query.limit])
        return lines, len(found) > query.limit


def _line(work: UnitOfWork, listed: ListedCluster) -> ClusterLine:
    first, newest = work.clusters.member(listed.first_no), work.clusters.member(listed.newest_no)
    if first is None or newest is None:
        raise RuntimeError("bug: a member that was counted is none")
    return ClusterLine(
        id=cluster_id(listed.number),
        listed=listed,
        first_at=first.occurred_at,
        newest_at=newest.occurred_at,
        attacks=tuple(dict.fromkeys(work.attacks.open(newest.identifiers).values())),
    )
