"""Two scores of the same sign-ups compared, with intervals: both share their luck, so pairs are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import Ranking, SortedRows, calibration_error
from models.monitoring.resampling import draws, numbered

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Labels = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both, and the interval (95 % unless said otherwise) of challenger less champion."""

    name: str
    champion: float
    challenger: float
    low: float
    high: float

    @property
    def change(self) -> float:
        """Challenger less champion."""
        return self.challenger - self.champion

    def line(self) -> str:
        """For people."""
        return (
            f"{self.name}: champion {self.champion:.4f}, challenger {self.challenger:.4f}, "
            f"difference {self.change:+.4f} ({self.low:+.4f} to {self.high:+.4f})"
        )


def recall_difference(
    champion: Floats, challenger: Floats, truth: Labels, *, rate: float, units: NDArray[np.int64], seed: int
) -> Difference:
    """Recall of each at its own threshold for one false-positive rate.

    Args:
        champion: its scores.
        challenger: its scores of the same rows.
        truth: 1 fraud, 0 honest; both occur.
        rate: the false-positive rate.
        units: what is drawn together: an operator's rows share their luck, so that single rows would seem to
            know more than they do. Negative for a row by itself.
        seed: of the resampling.
    """
    orders = [SortedRows.of(each, truth) for each in (champion, challenger)]
    return _resampled(
        f"recall at {rate:.2%} false positives",
        lambda side, counts: Ranking.of(orders[side], counts).recall_at(rate),
        truth,
        units,
        seed,
    )


def calibration_difference(
    champion: Floats, challenger: Floats, truth: Labels, *, units: NDArray[np.int64], seed: int
) -> Difference:
    """The expected calibration error of each."""
    scores = (champion, challenger)
    return _resampled(
        "calibration error",
        lambda side, counts: calibration_error(scores[side], truth, counts),
        truth,
        units,
        seed,
    )


def share_difference(
    name: str, champion: Flags, challenger: Flags, *, units: NDArray[np.int64], z: float = 1.959964
) -> Difference:
    """The share of rows that each flags; the interval by the spread of the units' own differences."""
    change = challenger.astype(np.float64) - champion
    mean = float(change.mean())
    # With few rows the normal interval is too sure of itself: nothing moved says little about what may move.
    half = z * max(standard_error(change, units), 0.5 / len(change))
    return Difference(name, float(champion.mean()), float(challenger.mean()), mean - half, mean + half)


def standard_error(values: Floats, units: NDArray[np.int64]) -> float:
    """Of the mean of values whose rows share their luck within units."""
    spread = np.bincount(numbered(units), values - values.mean())
    return float(np.sqrt((spread**2).sum())) / len(values)


def _resampled(
    name: str,
    figure: Callable[[int, Floats | None], float],
    truth: Labels,
    units: NDArray[np.int64],
    seed: int,
) -> Difference:
    point = [figure(side, None) for side in (0, 1)]
    drawn = [figure(1, counts) - figure(0, counts) for counts in draws(truth, units, seed)]
    low, high = np.percentile(drawn, [2.5, 97.5]) if drawn else (-1.0, 1.0)
    return Difference(name, point[0], point[1], float(low), float(high))
