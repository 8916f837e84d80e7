"""Fitting the calibration: isotonic or beta, whichever tells later data better, as plain knots."""

from __future__ import annotations

from collections.abc import Callable

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

TILT = 0.02
"""Log-odds by which each end of an isotonic step leaves its level: a fiftieth of the odds."""

SMALLEST_BLOCK = 25
"""Isotonic steps of fewer rows are merged: their rates are mostly noise."""


def calibrate(margins: Floats, labels: NDArray[np.int8], weights: Floats | None = None) -> Knots:
    """Choose and fit a calibration on rows in time order that the booster has not seen.

    The earlier half fits each candidate and the later half judges it by log-loss; the better one is then fitted on
    all rows. Beta wins a tie, being the smoother. With a class missing from a half, beta is taken unseen.
    """
    weights = np.ones(len(margins)) if weights is None else weights
    half = len(margins) // 2
    early, late = slice(0, half), slice(half, None)
    candidates: dict[str, Callable[[Floats, NDArray[np.int8], Floats], Calibration]] = {
        "beta": beta,
        "isotonic": isotonic,
    }
    if min(len(np.unique(labels[early])), len(np.unique(labels[late]))) < 2:
        del candidates["isotonic"]
    losses = {
        name: log_loss(make(margins[early], labels[early], weights[early]), margins[late], labels[late], weights[late])
        for name, make in candidates.items()
        if len(candidates) > 1
    }
    chosen = min(losses, key=losses.__getitem__) if losses else "beta"
    fitted = candidates[chosen](margins, labels, weights)
    return Knots(method=chosen, margins=tuple(fitted.margins), log_odds=tuple(fitted.log_odds))


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
    ends = np.concatenate((starts[1:], [len(margins)])) - 1
    log_odds = _log_odds(np.add.reduceat(weights * labels, starts), np.add.reduceat(weights, starts))
    # A tilt never reaches further than half-way to the neighbouring step.
    tilt = np.minimum(np.min(np.diff(log_odds), initial=2 * TILT) / 2, TILT)
    knots: dict[float, float] = {}
    for start, end, level in zip(margins[starts].tolist(), margins[ends].tolist(), log_odds.tolist(), strict=True):
        knots.setdefault(start, level - tilt if end > start else level)
        knots[end] = level + tilt if end > start else level
    return _with_tails(np.array(list(knots)), np.maximum.accumulate(list(knots.values())))


def _log_odds(fraud: Floats, rows: Floats) -> Floats:
    """Of each step's rate; the rates rise, so only the first can be all honest and only the last all fraud."""
    inner = np.clip(fraud / rows, 1e-12, 1 - 1e-12)
    log_odds: Floats = np.log(inner) - np.log1p(-inner)
    if fraud[0] <= 0:
        log_odds[0] = min(np.log(0.5 / (rows[0] + 0.5)), log_odds[1] if len(rows) > 1 else np.inf)
    if fraud[-1] >= rows[-1]:
        log_odds[-1] = max(np.log((rows[-1] + 0.5) / 0.5), log_odds[-2] if len(rows) > 1 else -np.inf)
    return log_odds


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
