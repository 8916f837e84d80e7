"""Where a sign-up stands beside its facts: what its linkage says of bans, and the lists it is on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # Any: documents are JSON

from service.domain.standing import ListHit, Standing


def standing_of(linkage: Mapping[str, Any], hits: tuple[ListHit, ...]) -> Standing:
    """The standing, from documents alone, so that a back-test finds the same as the decision did."""
    bans, cluster = linkage.get("bans", {}), linkage.get("cluster", {})
    return Standing(
        hits=hits,
        ban_touched=bool(bans.get("strong") or bans.get("pairs_14d")),
        contained=bool(cluster.get("contained")),
    )
