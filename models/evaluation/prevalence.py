"""Other prevalences: whether scores still speak truly where fraud is rarer or commoner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.card import Metric
from models.evaluation.metrics import PREVALENCES, calibration_error
from models.monitoring.log_odds import logit_offset, shifted

Floats = NDArray[np.float64]

OFFSET_DAYS = 7
"""The offset is learnt from the first week judged and tried on what follows, as somebody who moves in would do."""

FEWEST_OF_A_CLASS = 30


def calibration_elsewhere(scores: Floats, truth: NDArray[np.int8], times: NDArray[np.datetime64]) -> tuple[Metric, ...]:
    """The calibration error at each of ``PREVALENCES`` after one logit offset.

    Rows of families that the model never saw stay in: nobody who moves in knows which those are.
    """
    early = times < times[0] + np.timedelta64(OFFSET_DAYS, "D") if len(times) else np.zeros(0, bool)
    if any((truth[rows] == label).sum() < FEWEST_OF_A_CLASS for rows in (early, ~early) for label in (0, 1)):
        early = np.ones(len(truth), bool)
        late = early
    else:
        late = ~early
    found = []
    for prevalence in PREVALENCES:
        offset = logit_offset(scores[early], weights_to(truth[early], prevalence), prevalence)
        moved = shifted(scores[late], offset)
        error = calibration_error(moved, truth[late], weights_to(truth[late], prevalence))
        found.append(Metric(name=f"calibration_error_prevalence_{prevalence:.0%}_after_offset", value=round(error, 6)))
    return tuple(found)


def weights_to(truth: NDArray[np.int8], prevalence: float) -> Floats:
    """Weights that make fraud as common as ``prevalence``; both classes must be present."""
    share = float(truth.mean())
    return np.where(truth == 1, prevalence / share, (1 - prevalence) / (1 - share))
