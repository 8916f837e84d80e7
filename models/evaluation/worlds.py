"""Several worlds: the main figures of a model on each, so that the mean and the worst can be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.card import Metric, SliceEntry
from models.evaluation.evaluation import scores_of
from models.evaluation.metrics import FALSE_POSITIVE_RATES, measure, threshold_at
from models.scorer import Scorer
from models.training.dataset import Dataset


def worlds(scorer: Scorer, datasets: Sequence[Dataset]) -> tuple[SliceEntry, ...]:
    """One entry a world: all figures without intervals, and the recall on families seen and held out."""
    return tuple(_world(scorer, each.take(each.truth >= 0)) for each in datasets)


def _world(scorer: Scorer, dataset: Dataset) -> SliceEntry:
    scores = scores_of(scorer, dataset)
    return SliceEntry(
        column="world",
        value=dataset.description,
        rows=len(dataset),
        fraud=int(dataset.truth.sum()),
        metrics=(*measure(scores, dataset.truth, seed=0, resamples=0), *_learnt(dataset, scores)),
    )


def _learnt(dataset: Dataset, scores: NDArray[np.float64]) -> Iterator[Metric]:
    """At thresholds over all honest people, those of held-out kinds included."""
    if dataset.held_out is None or not (dataset.truth == 0).any():
        return
    for name, rows in (("seen", ~dataset.held_out), ("held_out", dataset.held_out)):
        fraud = rows & (dataset.truth == 1)
        for rate in FALSE_POSITIVE_RATES:
            if fraud.any():
                caught = float((scores[fraud] >= threshold_at(scores, dataset.truth, rate)).mean())
                yield Metric(name=f"{name}_recall_at_fpr_{rate:.1%}", value=round(caught, 6))
