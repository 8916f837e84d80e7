"""Those left behind in a cluster that was divided while they joined it: they follow the part that they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from models.linkage.pieces import components
from service.usecases.move_members import Dividing, move_members, ties_among
from service.usecases.ports import Begin
from service.usecases.ports_clusters import ClusterMember


def bring_after(
    begin: Begin, whole: Dividing, came: Collection[int], gone: Mapping[int, ClusterMember], *, at: datetime
) -> list[int]:
    """Move those who are left behind, with whom they tie, to where they belong; who moved.

    Whoever carries a strong identifier that leads to another cluster belongs there; whoever shares no such, but two
    medium ones with somebody who left, is found because both are known. What ties several clusters makes them one, as
    it would have done a moment later.

    Args:
        whole: the cluster that was divided, as it is now.
        came: members that joined it since the division began.
        gone: those who left it since.
        at: when this happens.

    Raises:
        ConflictError: a member left meanwhile, or one of the clusters became part of another.
    """
    lead_away = _lead_away(begin, whole)
    if not lead_away and not came:
        return []
    beside = _beside(begin, whole, came, gone)
    parts = components(whole.members, ties_among(whole.members.values(), whole.guarded))
    staying = max(parts, key=lambda part: (sum(number not in lead_away for number in part), len(part), -part[0]))
    moved: list[int] = []
    for part in parts:
        there = sorted({cluster for number in part for cluster in lead_away.get(number, ())})
        if not there and set(part) <= set(came):
            there = sorted({beside[number] for number in part if number in beside})[:1]
        if there and part is not staying:
            move_members(begin, whole, part, there[0], at=at)
            moved += part
        _unite(begin, there, through=part[0], at=at)
    there = sorted({cluster for number in staying for cluster in lead_away.get(number, ())})
    _unite(begin, [whole.cluster, *there], through=staying[0], at=at)
    return moved


def _lead_away(begin: Begin, whole: Dividing) -> dict[int, set[int]]:
    """The other clusters that members' identifiers lead to, by member; those without are left out."""
    keys = sorted({key for number in whole.members for key in whole.leading(number)})
    with begin() as work:
        leads_to = work.clusters.leads_to(keys)
    found = {
        number: {leads_to.get(key, whole.cluster) for key in whole.leading(number)} - {whole.cluster}
        for number in whole.members
    }
    return {number: clusters for number, clusters in found.items() if clusters}


def _beside(begin: Begin, whole: Dividing, came: Collection[int], gone: Mapping[int, ClusterMember]) -> dict[int, int]:
    """The clusters of those who left and share two medium identifiers with somebody who came, by the latter."""
    if not came or not gone:
        return {}
    everybody = [*gone.values(), *(whole.members[number] for number in sorted(came))]
    ties = ties_among(everybody, whole.guarded)
    with begin() as work:
        clusters = work.clusters.clusters_of(sorted(gone))
    found: dict[int, int] = {}
    for numbers in ties.values():
        left = next((clusters[number] for number in numbers if clusters.get(number, whole.cluster) != whole.cluster), 0)
        if left:
            found |= {number: left for number in numbers if number in came}
    return found


def _unite(begin: Begin, clusters: list[int], *, through: int, at: datetime) -> None:
    if len(clusters) > 1:
        with begin() as work:
            work.clusters.unite(clusters, through=through, at=at)
