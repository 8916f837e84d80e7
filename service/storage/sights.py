"""Sights of surprising keys, read from a recorded assessment: the same for every store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from models.features.campaign import HABITS
from models.linkage.identifier import IdentifierKind
from service.domain.attack import has_another_sign


def surprises_of(linkage: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[IdentifierKind, int, bool]]:
    """Kind, surprise in tenths, and whether there is another sign: of each key that surprised in an assessment.

    What a place explains is none: a class is what it looks like.
    """
    campaign = linkage.get("campaign", {})
    if campaign.get("one_place"):
        return
    surprising = [kind for kind in HABITS if kind.value in campaign]
    frauds = linkage.get("cluster", {}).get("frauds", 0)
    another_sign = has_another_sign(surprising, frauds=frauds)
    for kind in surprising:
        yield kind, campaign[kind.value], another_sign
