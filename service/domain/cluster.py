"""Clusters as people and callers name them."""

from __future__ import annotations

import re

_ID = re.compile(r"cl_(m?)(\d{1,18})")


def cluster_id(number: int) -> str:
    """The id of a cluster by its number, which is negative for one that a division made."""
    return f"cl_m{-number}" if number < 0 else f"cl_{number}"


def cluster_number(text: str) -> int | None:
    """The number of a cluster by its id; ``None`` for what is no such id."""
    found = _ID.fullmatch(text)
    if found is None:
        return None
    return -int(found[2]) if found[1] else int(found[2])
