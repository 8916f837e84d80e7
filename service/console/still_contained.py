"""Which clusters stay contained when verdicts on their members are taken back."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.cluster import cluster_id
from service.domain.containment import ContainmentState
from service.usecases.ports import UnitOfWork


def still_contained(work: UnitOfWork, record_ids: Sequence[str]) -> list[str]:
    """The clusters of these sign-ups, by id, of which a containment stands: an undo releases nobody."""
    numbers = [each.signup_no for each in work.ledger.many(None, record_ids)]
    clusters = sorted(set(work.clusters.clusters_of(numbers).values()))
    return [
        cluster_id(cluster)
        for cluster in clusters
        if any(each.state is ContainmentState.STANDING for each in work.containments.touching(cluster))
    ]
