"""Where a sign-up stands beside its facts: what its linkage says of bans, and the lists it is on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # Any: documents are JSON

from service.domain.standing import ListHit, Standing


def standing_of(linkage: Mapping[str, Any], hits: tuple[ListHit, ...]) -> Standing:
    """The standing, from documents alone, so that a back-test finds the same as the decision did.

    A linkage that knows of bans and containment says so here, in one place.
    """
    del linkage  # it holds velocities only
    return Standing(hits=hits)
