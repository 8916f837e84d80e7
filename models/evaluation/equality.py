"""Predictive equality: whether honest people of every group are flagged alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.card import Metric
from models.evaluation.intervals import wilson
from models.evaluation.metrics import threshold_at
from models.training.dataset import Dataset

Floats = NDArray[np.float64]

FEWEST_HONEST = 500
"""Groups with fewer honest rows are left out of the ratio between groups: their rates are noise."""

PARITY_RATE = 0.01
NO_GROUPS = ("let in", "country", "decision", "source")
"""Columns that are no groups of people between whom equality is asked, or that a coarser column tells better."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """How many honest people of a group are flagged, with the 95 % interval of the share."""

    group: str
    honest: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Equality:
    """Predictive equality over one column: the smallest over the largest false-positive rate of its groups.

    The threshold is the one at which 1 % of all honest rows are flagged. ``ratio`` is ``None`` with fewer than
    two groups large enough to judge; ``low`` and ``high`` are what it could be within the groups' intervals.
    """

    column: str
    ratio: float | None
    rates: tuple[GroupRate, ...]
    low: float | None = None
    high: float | None = None

    def metric(self) -> Metric:
        """For the model card."""
        rounded = [None if each is None else round(each, 6) for each in (self.ratio, self.low, self.high)]
        name = f"predictive_equality_{self.column.replace(' ', '_')}"
        return Metric(name=name, value=rounded[0], low=rounded[1], high=rounded[2])


def equalities_of(dataset: Dataset, scores: Floats) -> tuple[Equality, ...]:
    """One for every column by which people are told apart."""
    return tuple(
        equality_of(name, column, scores, dataset.truth)
        for name, column in dataset.reported_slices().items()
        if name not in NO_GROUPS
    )


def equality_of(name: str, column: NDArray[np.str_], scores: Floats, truth: NDArray[np.int8]) -> Equality:
    """Compare the groups of one column at the threshold that flags 1 % of all honest rows."""
    flagged = scores >= threshold_at(scores, truth, PARITY_RATE)
    rates = []
    for value in np.unique(column).tolist():
        honest = (column == value) & (truth == 0)
        if (count := int(honest.sum())) >= FEWEST_HONEST:
            low, high = wilson(float(flagged[honest].sum()), count)
            rates.append(GroupRate(value, count, float(flagged[honest].mean()), low, high))
    if len(rates) < 2:
        return Equality(name, None, tuple(rates))
    least, most = min(rates, key=lambda each: each.rate), max(rates, key=lambda each: each.rate)
    if not most.rate:
        return Equality(name, 1.0, tuple(rates))
    high = min(1.0, least.high / most.low) if most.low else 1.0
    return Equality(name, least.rate / most.rate, tuple(rates), least.low / most.high, high)
