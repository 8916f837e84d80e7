"""Robustness by training again: what linkage brings, and what labels twice as wrong would cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.card import DataSource, Metric
from models.evaluation.evaluation import scores_of
from models.evaluation.intervals import wilson
from models.evaluation.metrics import Ranking, SortedRows, threshold_at
from models.features.catalogue import FEATURES
from models.features.feature import Group
from models.scorer import Scorer
from models.training.dataset import Dataset

Floats = NDArray[np.float64]
Grow = Callable[[Dataset], Scorer]
"""Trains as the model itself was trained, on another version of the same rows."""

LINKED_FAMILIES = ("A3", "A4", "A5", "A6", "A7", "A8")
"""The families whose accounts are tied by what they share; the others are not expected to gain."""

LIFT_RATE = 0.005


def robustness(grow: Grow, dataset: Dataset, judged: Dataset, scores: Floats, *, seed: int) -> tuple[Metric, ...]:
    """Both, where they can be had: noise needs a simulator's truth, lift needs features of linkage.

    Args:
        grow: trains on a data set.
        dataset: what the model learnt from.
        judged: what it was judged on.
        scores: the model's, on ``judged``.
        seed: of the noise.
    """
    found: list[Metric] = []
    linkage = [each.name for each in FEATURES if each.group is Group.LINKAGE and each.name in dataset.names]
    tied = np.isin(judged.slices.get("kind", np.full(len(judged), "")), LINKED_FAMILIES)
    if linkage and tied.any() and (judged.truth == 0).any():
        alone = judged.without_features(linkage)
        without = scores_of(grow(dataset.without_features(linkage)), alone)
        found += _lift(scores, without, judged.truth, tied)
    if dataset.source is DataSource.SIMULATED:
        noisy = scores_of(grow(replace(dataset, labels=labels_twice_as_wrong(dataset, seed=seed))), judged)
        found += _noise(scores, noisy, judged.truth)
    return tuple(found)


def labels_twice_as_wrong(dataset: Dataset, *, seed: int) -> NDArray[np.int8]:
    """The labels with as many new mistakes, class by class, as they hold already."""
    labels, random = dataset.labels.copy(), np.random.default_rng(seed)
    for truth in (0, 1):
        right = np.flatnonzero((dataset.labels == truth) & (dataset.truth == truth))
        wrong = int(((dataset.labels == 1 - truth) & (dataset.truth == truth)).sum())
        turned = random.permutation(right)[:wrong]
        labels[turned] = 1 - truth
    return labels


def _lift(scores: Floats, without: Floats, truth: NDArray[np.int8], tied: NDArray[np.bool_]) -> list[Metric]:
    name = f"recall_at_fpr_{LIFT_RATE:.1%}_A3_to_A8"
    values = []
    for shown, each in ((name, scores), (f"{name}_without_linkage", without)):
        caught = each[tied] >= threshold_at(each, truth, LIFT_RATE)
        low, high = wilson(float(caught.sum()), len(caught))
        values.append(_metric(shown, float(caught.mean()), low, high))
    lift = (values[0].value or 0.0) - (values[1].value or 0.0)
    return [_metric("linkage_lift_" + name, lift), *values]


def _noise(scores: Floats, noisy: Floats, truth: NDArray[np.int8]) -> list[Metric]:
    one, two = (Ranking.of(SortedRows.of(each, truth)) for each in (scores, noisy))
    return [
        _metric(f"label_noise_doubled_recall_lost_at_fpr_{rate:.1%}", one.recall_at(rate) - two.recall_at(rate))
        for rate in (0.005, 0.01)
    ]


def _metric(name: str, value: float, low: float | None = None, high: float | None = None) -> Metric:
    return Metric(
        name=name,
        value=round(value, 6),
        low=None if low is None else round(low, 6),
        high=None if high is None else round(high, 6),
    )
