"""Figures of parts told apart: families seen and held out, the stealthy ones, and what came long after training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.card import Metric
from models.evaluation.metrics import FALSE_POSITIVE_RATES, Ranking, SortedRows, shown_rate, threshold_at
from models.training.dataset import Dataset

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]

STEALTHY = ("A7", "A9", "A16", "A19")
"""Slow drip, honest-looking resellers, standby pools and mules: little at sign-up tells them from anybody."""

STEALTHY_RATE = 0.05
WORST_FAMILY_RATE = 0.01
FEWEST_OF_A_FAMILY = 30
FEWEST_OF_A_CLASS = 30

LATER_DAYS = 60


def figures_apart(dataset: Dataset, scores: Floats, learnt_until: np.datetime64 | None) -> tuple[Metric, ...]:
    """At thresholds over all honest rows, those of held-out kinds included; what is not there gives no figure.

    Args:
        dataset: rows with a known truth.
        scores: of the rows.
        learnt_until: the time of the last row that the model learnt from.
    """
    if not (dataset.truth == 0).any():
        return ()
    return tuple(_rounded(name, value) for name, value in _figures(dataset, scores, learnt_until))


def _figures(dataset: Dataset, scores: Floats, learnt_until: np.datetime64 | None) -> Iterator[tuple[str, float]]:
    fraud = dataset.truth == 1
    kinds = dataset.slices.get("kind", np.full(len(dataset), ""))
    parts: dict[str, Rows] = {}
    if dataset.held_out is not None:
        parts = {"seen": fraud & ~dataset.held_out, "held_out": fraud & dataset.held_out}
    for name, rows in parts.items():
        if rows.any():
            yield f"{name}_roc_auc", _roc_auc(scores, dataset.truth, rows | ~fraud)
            for rate in FALSE_POSITIVE_RATES:
                yield f"{name}_recall_at_fpr_{shown_rate(rate)}", _recall(scores, dataset.truth, rows, rate)
    hidden = parts.get("held_out", np.zeros(len(dataset), bool))
    families = [kinds == kind for kind in np.unique(kinds[hidden]).tolist()]
    recalls = [
        _recall(scores, dataset.truth, rows & hidden, WORST_FAMILY_RATE)
        for rows in families
        if (rows & hidden).sum() >= FEWEST_OF_A_FAMILY
    ]
    if recalls:
        yield f"worst_held_out_family_recall_at_fpr_{shown_rate(WORST_FAMILY_RATE)}", min(recalls)
    stealthy = fraud & np.isin(kinds, STEALTHY)
    if stealthy.any():
        name = f"stealthy_recall_at_fpr_{shown_rate(STEALTHY_RATE)}"
        yield name, _recall(scores, dataset.truth, stealthy, STEALTHY_RATE)
    if learnt_until is not None:
        later = dataset.times >= learnt_until + np.timedelta64(LATER_DAYS, "D")
        for name, rows in (parts or {"all": fraud}).items():
            if min((rows & later).sum(), (~fraud & later).sum()) >= FEWEST_OF_A_CLASS:
                yield f"{name}_roc_auc_{LATER_DAYS}_days_out", _roc_auc(scores, dataset.truth, (rows | ~fraud) & later)


def _recall(scores: Floats, truth: NDArray[np.int8], rows: Rows, rate: float) -> float:
    return float((scores[rows] >= threshold_at(scores, truth, rate)).mean())


def _roc_auc(scores: Floats, truth: NDArray[np.int8], rows: Rows) -> float:
    return Ranking.of(SortedRows.of(scores[rows], truth[rows])).roc_auc()


def _rounded(name: str, value: float) -> Metric:
    return Metric(name=name, value=round(value, 6))
