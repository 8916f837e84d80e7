"""Fitting the calibration: isotonic or beta, whichever tells later data better, as plain knots."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]  # scikit-learn ships no types
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # the same

from models.calibration import Calibration
from models.card import Knots

Floats = NDArray[np.float64]

TAIL_SLOPE = 0.25
"""Beyond the data the log-odds rise at a quarter of the margin's pace: the order of very high scores is kept for
thresholds at low false-positive rates, while little certainty is claimed that no data showed."""

TAIL_LENGTH = 20.0
"""Margins beyond the outermost knot for which the tail goes on; no booster here leaves it."""

BETA_KNOTS = 33
"""The smooth curve is drawn by so many straight pieces; the error is below 0.01 log-odds."""

TILT = 0.05
"""Log-odds by which each end of an isotonic step leaves its level: a twentieth of the odds."""

ISOTONIC_GAIN = 0.01
"""Isotonic must beat beta by this share of the log-loss: beta is smooth and needs fewer rows."""

SMALLEST_BLOCK = 25
"""Isotonic steps of fewer rows are merged: their rates are mostly noise."""


def calibrate(margins: Floats, labels: NDArray[np.int8], weights: Floats | None = None) -> Knots:
    """Choose and fit a calibration on rows in time order that the booster has not seen.

    The earlier half fits each candidate and the later half judges it by log-loss; the better one is then fitted on
    all rows. With a class missing from a half, beta is taken unseen.
    """
    weights = np.ones(len(margins)) if weights is None else weights
    half = len(margins) // 2
    early, late = slice(0, half), slice(half, None)
    chosen: Callable[[Floats, NDArray[np.int8], Floats], Calibration] = beta
    if min(len(np.unique(labels[early])), len(np.unique(labels[late]))) == 2:
        losses = [
            log_loss(fit(margins[early], labels[early], weights[early]), margins[late], labels[late], weights[late])
            for fit in (beta, isotonic)
        ]
        chosen = isotonic if losses[1] < (1 - ISOTONIC_GAIN) * losses[0] else beta
    fitted = chosen(margins, labels, weights)
    return Knots(method=chosen.__name__, margins=tuple(fitted.margins), log_odds=tuple(fitted.log_odds))


def beta(margins: Floats, labels: NDArray[np.int8], weights: Floats) -> Calibration:
    """Beta calibration (Kull et al., 2017): logistic regression on ln p and -ln(1-p), with both slopes positive."""
    inputs = _beta_inputs(margins)
    columns = [0, 1]
    fitted = _logistic(inputs, labels, weights)
    if (fitted.coef_[0] < 0).any():
        columns = [int(fitted.coef_[0].argmax())]
        fitted = _logistic(inputs[:, columns], labels, weights)
    knots = np.linspace(margins.min(), max(margins.max(), margins.min() + 1.0), BETA_KNOTS)
    log_odds = fitted.decision_function(_beta_inputs(knots)[:, columns])
    if (fitted.coef_[0] < 0).any():
        # The margin does not rank these rows at all: every score is the base rate.
        log_odds = np.full(BETA_KNOTS, _Step(0.0, 0.0, float(weights @ labels), float(weights.sum())).log_odds())
    return _with_tails(knots, log_odds)


def isotonic(margins: Floats, labels: NDArray[np.int8], weights: Floats) -> Calibration:
    """Isotonic regression: a nearly level piece for every step, joined by straight lines.

    Steps are tilted a little, so that no two margins become the same score. A step that holds one class only gets
    half a row of the other: no score is certain.
    """
    order = np.argsort(margins, kind="stable")
    margins, labels = margins[order], labels[order]
    weights = weights[order] / weights.mean()
    levels = IsotonicRegression().fit(margins, labels, weights).predict(margins)
    starts = _long_enough(np.flatnonzero(np.concatenate(([True], np.diff(levels) > 0))), len(margins))
    steps: list[_Step] = []
    fraud, rows = np.add.reduceat(weights * labels, starts), np.add.reduceat(weights, starts)
    last = np.concatenate((starts[1:], [len(margins)])) - 1
    for first, end, lost, count in zip(margins[starts], margins[last], fraud, rows, strict=True):
        steps.append(_Step(float(first), float(end), float(lost), float(count)))
        while len(steps) > 1 and steps[-1].log_odds() - steps[-2].log_odds() < 2.5 * TILT:
            upper, lower = steps.pop(), steps.pop()
            steps.append(_Step(lower.first, upper.last, lower.fraud + upper.fraud, lower.rows + upper.rows))
    knots: dict[float, float] = {}
    for step in steps:
        tilt = TILT if step.last > step.first else 0.0
        # Equal margins on both sides of a border belong to one step, so the keys rise.
        knots[step.first] = step.log_odds() - tilt
        knots[step.last] = step.log_odds() + tilt
    return _with_tails(np.array(list(knots)), np.array(list(knots.values())))


@dataclass(frozen=True, slots=True)
class _Step:
    """Margins from ``first`` to ``last`` that share one rate of fraud."""

    first: float
    last: float
    fraud: float
    rows: float

    def log_odds(self) -> float:
        """Of the rate; half a row of the class that is missing stands for what was not seen."""
        fraud, honest = max(self.fraud, 0.5), max(self.rows - self.fraud, 0.5)
        return math.log(fraud / honest)


def log_loss(calibration: Calibration, margins: Floats, labels: NDArray[np.int8], weights: Floats) -> float:
    """The mean surprise, in nats."""
    log_odds = np.array([calibration(margin) for margin in margins.tolist()])
    surprise = np.logaddexp(0.0, np.where(labels == 1, -log_odds, log_odds))
    return float(np.average(surprise, weights=weights))


def _long_enough(starts: NDArray[np.intp], rows: int) -> NDArray[np.intp]:
    kept = [0]
    for start in starts[1:].tolist():
        if start - kept[-1] >= SMALLEST_BLOCK and rows - start >= SMALLEST_BLOCK:
            kept.append(start)
    return np.array(kept, np.intp)


def _logistic(inputs: Floats, labels: NDArray[np.int8], weights: Floats) -> LogisticRegression:
    # A weak penalty (C) only keeps perfectly separated data from running to infinity.
    return LogisticRegression(C=1e4, max_iter=1_000).fit(inputs, labels, sample_weight=weights)


def _beta_inputs(margins: Floats) -> Floats:
    return np.stack([-np.logaddexp(0.0, -margins), np.logaddexp(0.0, margins)], axis=1)


def _with_tails(margins: Floats, log_odds: Floats) -> Calibration:
    rise = TAIL_LENGTH * TAIL_SLOPE
    return Calibration(
        (float(margins[0]) - TAIL_LENGTH, *margins.tolist(), float(margins[-1]) + TAIL_LENGTH),
        (float(log_odds[0]) - rise, *log_odds.tolist(), float(log_odds[-1]) + rise),
    )
