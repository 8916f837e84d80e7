"""Resampling rows, or whole groups of rows that share their luck."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

RESAMPLES = 400

FEWEST_RESAMPLED = 20
"""Of each class: with fewer rows resamples repeat a handful of people and their spread says little."""


def resampled_interval(figure: Callable[[Floats], float], truth: Labels, *, seed: int) -> tuple[float, float]:
    """The 95 % interval of one figure, told how often each row counts; rows are drawn by themselves."""
    drawn = [figure(counts) for counts in draws(truth, np.full(len(truth), -1, np.int64), seed)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def draws(truth: Labels, units: NDArray[np.int64], seed: int) -> Iterator[Floats]:
    """How often each row counts in each resample of whole units; resamples without both classes are left out."""
    random, whole = np.random.default_rng(seed), numbered(units)
    size = int(whole.max()) + 1
    for _ in range(RESAMPLES):
        counts = np.bincount(random.integers(0, size, size), minlength=size)[whole].astype(np.float64)
        if counts[truth == 1].any() and counts[truth == 0].any():
            yield counts


def numbered(units: NDArray[np.int64]) -> NDArray[np.intp]:
    """Units from 0 without gaps; a row by itself gets a number of its own."""
    alone = units < 0
    named = units.copy()
    named[alone] = units.max(initial=0) + 1 + np.arange(int(alone.sum()))
    places: NDArray[np.intp] = np.unique(named, return_inverse=True)[1]
    return places
