"""Shifting scores by their log-odds, and by how much a set of scores is off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def in_the_large(scores: Floats, truth: NDArray[np.int8], counts: Floats | None = None) -> float:
    """The log-odds by which all scores would have to move for their mean to be the share of fraud; 0 is right.

    The intercept beside a slope speaks of scores of 0.5, where few sign-ups are; this speaks of all of them.
    """
    counts = np.ones(len(scores)) if counts is None else counts
    return logit_offset(scores, counts, float(np.average(truth, weights=counts)))


def logit_offset(scores: Floats, weights: Floats, mean: float) -> float:
    """The shift of all log-odds after which the weighted mean score is ``mean``."""
    odds, offset = odds_of(scores), 0.0
    shares = weights / weights.sum()
    for _ in range(60):  # Newton's method with steps of 2 at most; it settles in 4 to 8
        moved = odds * np.exp(offset)
        moved /= 1 + moved
        reached = float((shares * moved).sum())
        step = (mean - reached) / max(reached - float((shares * moved * moved).sum()), 1e-12)
        offset += min(max(step, -2.0), 2.0)
        if abs(step) < 1e-7:
            break
    return offset


def shifted(scores: Floats, offset: float) -> Floats:
    """The scores with their log-odds moved: odds multiply where log-odds add."""
    odds = odds_of(scores) * np.exp(offset)
    moved: Floats = odds / (1 + odds)
    return moved


def odds_of(scores: Floats) -> Floats:
    """Of probabilities, kept from being certain."""
    clipped = np.clip(scores, 1e-9, 1 - 1e-9)
    return clipped / (1 - clipped)
