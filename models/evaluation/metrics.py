"""The figures: how well a score ranks and how truly it speaks, each with a bootstrap interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.card import Metric
from models.monitoring.log_odds import in_the_large, odds_of

Floats = NDArray[np.float64]

FALSE_POSITIVE_RATES = (0.001, 0.0035, 0.005, 0.01, 0.05)
"""0.35 % is what the published detectors at registration report."""

PREVALENCES = (0.01, 0.05, 0.16, 0.20, 0.40)
"""Shares of fraud for which a precision is worked out: it depends on them as much as on the model."""


def shown_rate(rate: float) -> str:
    """As it stands in a figure's name: ``0.5%``, ``0.35%``."""
    short = f"{rate:.1%}"
    return short if abs(float(short[:-1]) / 100 - rate) < 1e-9 else f"{rate:.2%}"


BINS = 15
RESAMPLES = 200
FEWER_RESAMPLES = 40
MANY_ROWS = 300_000
"""Above it fewer resamples do: the intervals are narrow and each resample costs some 0.1 s."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows from the riskiest down, with equal scores as one step; ``counts`` says how often each row counts."""

    true: Floats
    false: Floats

    @classmethod
    def of(cls, order: SortedRows, counts: Floats | None = None) -> Ranking:
        """Cumulated fraud and honest rows at the end of each step."""
        fraud = order.fraud if counts is None else order.fraud * counts[order.order]
        honest = order.honest if counts is None else order.honest * counts[order.order]
        return cls(np.cumsum(fraud)[order.ends], np.cumsum(honest)[order.ends])

    def roc_auc(self) -> float:
        """The chance that a fraudulent sign-up scores above an honest one."""
        return float(np.trapezoid(_from_zero(self.true), _from_zero(self.false)) / (self.true[-1] * self.false[-1]))

    def pr_auc(self) -> float:
        """Average precision."""
        gained = np.diff(_from_zero(self.true)) / self.true[-1]
        return float((gained * self.true / np.maximum(self.true + self.false, 1e-12)).sum())

    def recall_at(self, false_positive_rate: float) -> float:
        """Recall at the lowest threshold that stays within the false-positive rate."""
        within = np.searchsorted(self.false, false_positive_rate * self.false[-1] + 1e-9, side="right")
        return float(self.true[within - 1] / self.true[-1]) if within else 0.0

    def precision_at_recall(self, recall: float, prevalence: float) -> float:
        """Precision at the highest threshold that reaches the recall, if ``prevalence`` of the rows were fraud."""
        at = min(int(np.searchsorted(self.true, recall * self.true[-1] - 1e-9)), len(self.true) - 1)
        caught = prevalence * self.true[at] / self.true[-1]
        disturbed = (1 - prevalence) * self.false[at] / self.false[-1]
        return float(caught / (caught + disturbed)) if caught + disturbed else 1.0


@dataclass(frozen=True, slots=True)
class SortedRows:
    """The order of the rows by falling score, found once for all resamples."""

    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    fraud: Floats
    honest: Floats

    @classmethod
    def of(cls, scores: Floats, truth: NDArray[np.int8]) -> SortedRows:
        """Sort."""
        order = np.argsort(-scores, kind="stable")
        ends = np.flatnonzero(np.concatenate((np.diff(scores[order]) != 0, [True])))
        fraud = truth[order].astype(np.float64)
        return cls(order, ends, fraud, 1 - fraud)


def threshold_at(scores: Floats, truth: NDArray[np.int8], false_positive_rate: float) -> float:
    """The lowest threshold at which no more than the rate of honest rows score as high or higher."""
    honest = np.sort(scores[truth == 0])[::-1]
    allowed = int(false_positive_rate * len(honest) + 1e-9)
    if allowed >= len(honest):
        return float("-inf")
    # The first honest row that may not be caught sets the level; the threshold lies just above it.
    return float(np.nextafter(honest[allowed], np.inf))


def calibration_error(scores: Floats, truth: NDArray[np.int8], counts: Floats | None = None) -> float:
    """Expected calibration error over ``BINS`` bins of equal mass."""
    bins = calibration_bins(scores, truth, counts)
    return float((bins.rows * np.abs(bins.claimed - bins.happened)).sum() / bins.rows.sum())


@dataclass(frozen=True, slots=True)
class CalibrationBins:
    """Per bin of equal mass: its rows, its mean score and the share of fraud in it."""

    rows: Floats
    claimed: Floats
    happened: Floats


def calibration_bins(scores: Floats, truth: NDArray[np.int8], counts: Floats | None = None) -> CalibrationBins:
    """Bins of equal mass, by score."""
    counts = np.ones(len(scores)) if counts is None else counts
    order = np.argsort(scores, kind="stable")
    weight = counts[order]
    at = np.minimum((np.cumsum(weight) - weight / 2) / weight.sum() * BINS, BINS - 1).astype(np.intp)
    rows = np.bincount(at, weight, BINS).astype(np.float64)
    claimed = np.bincount(at, weight * scores[order], BINS)
    happened = np.bincount(at, weight * truth[order], BINS)
    kept = rows > 0
    return CalibrationBins(rows[kept], claimed[kept] / rows[kept], happened[kept] / rows[kept])


def slope_and_intercept(scores: Floats, truth: NDArray[np.int8], counts: Floats | None = None) -> tuple[float, float]:
    """Of the logistic regression of the truth on the score's log-odds; 1 and 0 when the score is honest."""
    counts = np.ones(len(scores)) if counts is None else counts
    log_odds = np.log(odds_of(scores))
    base = float(np.average(truth, weights=counts))
    weights = np.array([0.0, np.log(base) - np.log1p(-base)])
    loss = _loss(log_odds, weights, truth, counts)
    # Sums of products, not matrix products: those wake BLAS threads, which on a busy machine wait for each other.
    for _ in range(40):  # Newton's method; it settles in 5 to 10 steps
        chance = 1 / (1 + np.exp(-np.clip(weights[0] * log_odds + weights[1], -30, 30)))
        missed = counts * (truth - chance)
        gradient = np.array([(missed * log_odds).sum(), missed.sum()])
        spread = counts * chance * (1 - chance)
        mixed = (spread * log_odds).sum()
        curvature = np.array([[(spread * log_odds**2).sum(), mixed], [mixed, spread.sum()]]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while (tried := _loss(log_odds, weights + step, truth, counts)) > loss and float(np.abs(step).max()) > 1e-8:
            step = step / 2  # a full step can overshoot when the score is far too sure of itself
        weights, loss = weights + step, tried
        if float(np.abs(step).max()) < 1e-7:
            break
    return float(weights[0]), float(weights[1])


def _loss(log_odds: Floats, weights: Floats, truth: NDArray[np.int8], counts: Floats) -> float:
    margin = weights[0] * log_odds + weights[1]
    return float((counts * np.logaddexp(0.0, np.where(truth == 1, -margin, margin))).sum())


def measure(scores: Floats, truth: NDArray[np.int8], *, seed: int, resamples: int | None = None) -> tuple[Metric, ...]:
    """All figures of one group of rows with 95 % intervals; without both classes there are none to give.

    Args:
        scores: calibrated probabilities.
        truth: 1 fraud, 0 honest.
        seed: of the bootstrap.
        resamples: how many; by default ``RESAMPLES``, and 0 gives no intervals.
    """
    if len(np.unique(truth)) < 2:
        return ()
    if resamples is None:
        resamples = RESAMPLES if len(scores) <= MANY_ROWS else FEWER_RESAMPLES
    order = SortedRows.of(scores, truth)
    point = _figures(order, scores, truth, None)
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in point}
    for _ in range(resamples):
        counts = np.bincount(random.integers(0, len(scores), len(scores)), minlength=len(scores)).astype(np.float64)
        if counts[truth == 1].sum() and counts[truth == 0].sum():
            for name, value in _figures(order, scores, truth, counts).items():
                drawn[name].append(value)
    return tuple(_metric(name, value, drawn[name]) for name, value in point.items())


def _figures(order: SortedRows, scores: Floats, truth: NDArray[np.int8], counts: Floats | None) -> dict[str, float]:
    ranking = Ranking.of(order, counts)
    slope, intercept = slope_and_intercept(scores, truth, counts)
    figures = {"roc_auc": ranking.roc_auc(), "pr_auc": ranking.pr_auc()}
    figures |= {f"recall_at_fpr_{shown_rate(rate)}": ranking.recall_at(rate) for rate in FALSE_POSITIVE_RATES}
    figures |= {
        f"precision_at_recall_0.80_prevalence_{prevalence:.0%}": ranking.precision_at_recall(0.8, prevalence)
        for prevalence in PREVALENCES
    }
    figures["brier"] = float(np.average((scores - truth) ** 2, weights=counts))
    figures["calibration_error"] = calibration_error(scores, truth, counts)
    figures["calibration_in_the_large"] = in_the_large(scores, truth, counts)
    figures["calibration_slope"] = slope
    figures["calibration_intercept"] = intercept
    return figures


def _metric(name: str, value: float, drawn: list[float]) -> Metric:
    if not drawn:
        return Metric(name=name, value=round(value, 6))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Metric(name=name, value=round(value, 6), low=round(float(low), 6), high=round(float(high), 6))


def _from_zero(cumulated: Floats) -> Floats:
    return np.concatenate(([0.0], cumulated))
