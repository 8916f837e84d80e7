"""Calibration: from the booster's margin to log-odds that mean what they say, by plain knots.

Fitting lives in ``models.training.calibrate``; serving needs nothing but these knots.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising, piecewise linear map from margin to calibrated log-odds.

    Beyond the first and the last knot the map is level: a score never claims more certainty than the
    calibration data showed.

    Attributes:
        margins: the knots' margins, strictly rising; at least one.
        log_odds: the calibrated log-odds there, never falling.
    """

    margins: Sequence[float]
    log_odds: Sequence[float]
    _slopes: Sequence[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        margins, log_odds = tuple(self.margins), tuple(self.log_odds)
        if not margins or len(margins) != len(log_odds):
            raise ValueError("a calibration needs as many margins as log-odds, and at least one of each")
        if not all(math.isfinite(each) for each in (*margins, *log_odds)):
            raise ValueError("calibration knots must be finite")
        if any(after <= before for before, after in itertools.pairwise(margins)):
            raise ValueError("the margins of a calibration must rise")
        if any(after < before for before, after in itertools.pairwise(log_odds)):
            raise ValueError("the log-odds of a calibration must not fall")
        slopes = [(log_odds[at + 1] - log_odds[at]) / (margins[at + 1] - margins[at]) for at in range(len(margins) - 1)]
        object.__setattr__(self, "margins", margins)
        object.__setattr__(self, "log_odds", log_odds)
        object.__setattr__(self, "_slopes", (*slopes, 0.0))

    def __call__(self, margin: float) -> float:
        """The calibrated log-odds of a margin."""
        at = bisect_right(self.margins, margin) - 1
        if at < 0:
            return self.log_odds[0]
        step = self.log_odds[at] + self._slopes[at] * (margin - self.margins[at])
        # Rounding must not lift the end of one piece above the start of the next.
        return min(step, self.log_odds[min(at + 1, len(self.log_odds) - 1)])


def probability_of(log_odds: float) -> float:
    """The logistic function, without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)
