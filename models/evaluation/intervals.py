"""Intervals of shares, honest where few were counted."""

from __future__ import annotations

import math

_Z = 1.959964


def wilson(counted: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score (1927); 0 to 1 where nothing was counted."""
    if of <= 0:
        return 0.0, 1.0
    share, spread = counted / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)
