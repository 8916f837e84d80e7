"""The population stability index: how far two samples of one quantity lie apart, and how far chance alone puts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 10
"""Bins of equal mass for the values that are there; one more holds the missing ones."""

DRAWS = 2_000
CHANCE = 0.9995
"""The floor is what so large a share of resamples from one population stays below: there are ninety features, and
one false alarm in twenty measurements is one too many."""


@dataclass(frozen=True, slots=True)
class Stability:
    """The ``index`` over the bins, missing values included, and the ``floor`` that such samples reach by chance."""

    index: float
    floor: float

    @property
    def above_floor(self) -> float:
        """What chance does not explain; the floor is no constant, so that small samples raise no alarm."""
        return max(0.0, self.index - self.floor)


def stability(before: NDArray[np.floating], now: NDArray[np.floating], *, seed: int) -> Stability:
    """Compare two samples; NaN is missing. Bins are cut where the earlier sample has its deciles."""
    cuts = cuts_of(before)
    return stability_of_counts(counted(before, cuts), counted(now, cuts), seed=seed)


def cuts_of(values: NDArray[np.floating]) -> Floats:
    """Where to cut so that the bins hold equally many of the values that are there; fewer for few distinct values."""
    there = values[~np.isnan(values)]
    if not len(there):
        return np.zeros(0)
    cuts: Floats = np.unique(np.quantile(there, np.arange(1, BINS) / BINS, method="inverted_cdf").astype(np.float64))
    return cuts


def counted(values: NDArray[np.floating], cuts: Floats) -> NDArray[np.int64]:
    """How many values lie in each bin (a cut belongs to the bin below it); the last count is of missing ones."""
    missing = np.isnan(values)
    at = np.searchsorted(cuts, values[~missing], side="left")
    return np.concatenate((np.bincount(at, minlength=len(cuts) + 1), [missing.sum()])).astype(np.int64)


def stability_of_counts(before: NDArray[np.int64], now: NDArray[np.int64], *, seed: int) -> Stability:
    """Of counts in the same bins; nothing on one side is no drift, because nothing can be said."""
    if not before.sum() or not now.sum():
        return Stability(0.0, 0.0)
    pooled = (before + now) / (before.sum() + now.sum())
    random = np.random.default_rng(seed)
    drawn = index_of(random.multinomial(before.sum(), pooled, DRAWS), random.multinomial(now.sum(), pooled, DRAWS))
    return Stability(float(index_of(before[None], now[None])[0]), float(np.quantile(drawn, CHANCE)))


def index_of(before: NDArray[np.int64], now: NDArray[np.int64]) -> Floats:
    """The index of each row of counts. Half a row is added to every bin, so that an empty one is no infinity."""
    shares = [(each + 0.5) / (each + 0.5).sum(axis=1, keepdims=True) for each in (before, now)]
    index: Floats = ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum(axis=1)
    return index
