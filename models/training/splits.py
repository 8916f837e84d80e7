"""Splits by time: what a model learns from always lies before what it is tuned, calibrated and judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.dataset import DatasetError, Times

SLICES = ("training", "validation", "calibration", "test")

LONGEST_DEFAULT_GAP_DAYS = 7.0
"""Nine frauds in ten are known 12 days after, half after 2: a week keeps most of a burst's echo on one side."""

_MICROSECONDS_PER_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Shares:
    """How the rows divide, in time order; the test slice takes the rest."""

    training: float = 0.60
    validation: float = 0.10
    calibration: float = 0.15

    def __post_init__(self) -> None:
        shares = (self.training, self.validation, self.calibration)
        if min(shares) <= 0 or sum(shares) > 1:
            raise ValueError("the shares of the slices must be positive and leave the test slice at least nothing")


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers, each slice later than the one before. ``dropped`` fell into a gap or belonged elsewhere."""

    training: NDArray[np.intp]
    validation: NDArray[np.intp]
    calibration: NDArray[np.intp]
    test: NDArray[np.intp]
    dropped: int


def split_by_time(
    times: Times, entities: NDArray[np.int64], *, shares: Shares | None = None, gap_days: float | None = None
) -> Split:
    """Cut rows in time order into four slices with a gap before each but the first.

    Rows of one entity (``entities >= 0``) stay in one slice: the one in which they are densest, the earlier of
    equals; the others are dropped. By plain majority every operator that drips for months would go to training,
    the longest slice, and none would be left to calibrate on. No shuffling anywhere.

    Args:
        times: sorted.
        entities: whom each row belongs to; negative for nobody.
        shares: of the rows.
        gap_days: how long after each cut rows are left out; by default 5 % of the whole time, a week and a
            quarter of the shortest slice at most.

    Raises:
        DatasetError: a slice would be empty.
    """
    shares = shares or Shares()
    gap = _default_gap(times, shares) if gap_days is None else gap_days * _MICROSECONDS_PER_DAY
    slice_of = _slices_in_time(times, shares, np.timedelta64(int(gap), "us"))
    slice_of = _entities_kept_together(slice_of, entities)
    parts = [np.flatnonzero(slice_of == at) for at in range(len(SLICES))]
    required = len(SLICES) - (shares.training + shares.validation + shares.calibration > 1 - 1e-9)
    for name, part in list(zip(SLICES, parts, strict=True))[:required]:
        if not len(part):
            raise DatasetError(
                f"no row is left for {name}: the data span too little time for a gap of {gap / 8.64e10:.2g} days"
            )
    return Split(parts[0], parts[1], parts[2], parts[3], int((slice_of < 0).sum()))


def _default_gap(times: Times, shares: Shares) -> float:
    """Microseconds. Arrivals are uneven, so a slice of many rows may last a short time."""
    if not len(times):
        return 0.0
    borders = np.cumsum([0.0, shares.training, shares.validation, shares.calibration, 1.0]).clip(max=1.0)
    cuts = times[np.minimum((borders * len(times)).astype(np.intp), len(times) - 1)].astype(np.int64)
    lengths = np.diff(cuts)
    shortest = float(lengths[lengths > 0].min()) if (lengths > 0).any() else 0.0
    return min(0.05 * float(cuts[-1] - cuts[0]), LONGEST_DEFAULT_GAP_DAYS * _MICROSECONDS_PER_DAY, shortest / 4)


def _slices_in_time(times: Times, shares: Shares, gap: np.timedelta64) -> NDArray[np.intp]:
    """The slice of every row by its time alone; -1 in a gap."""
    slice_of = np.zeros(len(times), np.intp)
    until = 0.0
    for at, share in enumerate((shares.training, shares.validation, shares.calibration), start=1):
        until += share
        cut = times[min(int(len(times) * until), len(times) - 1)] if len(times) else None
        if cut is None or until > 1 - 1e-9:
            break
        slice_of[times >= cut] = -1
        slice_of[times >= cut + gap] = at
    return slice_of


def _entities_kept_together(slice_of: NDArray[np.intp], entities: NDArray[np.int64]) -> NDArray[np.intp]:
    """Drop the rows of an entity that lie outside the slice in which it is densest."""
    owned = np.flatnonzero(entities >= 0)
    if not len(owned):
        return slice_of
    _, owner = np.unique(entities[owned], return_inverse=True)
    counts = np.zeros((owner.max() + 1, len(SLICES)), np.int64)
    inside = slice_of[owned] >= 0
    np.add.at(counts, (owner[inside], slice_of[owned][inside]), 1)
    sizes = np.bincount(slice_of[slice_of >= 0], minlength=len(SLICES))
    home = (counts / np.maximum(sizes, 1)).argmax(axis=1)[owner]
    kept = slice_of.copy()
    kept[owned[slice_of[owned] != home]] = -1
    return kept
