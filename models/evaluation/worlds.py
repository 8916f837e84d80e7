"""Several worlds: the figures of a model on each, so that the mean and the worst can be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from models.card import Metric, SliceEntry
from models.evaluation.apart import figures_apart
from models.evaluation.equality import equalities_of
from models.evaluation.evaluation import scores_of
from models.evaluation.lines import ScoreLines
from models.evaluation.metrics import measure
from models.evaluation.operations import operate
from models.evaluation.prevalence import calibration_elsewhere
from models.scorer import Scorer
from models.training.dataset import Dataset

_OF_OPERATIONS = (
    "honest_", "classroom_", "accounts_let_in_", "operators_never_stopped", "challenges_", "reviews_", "denials_",
)  # fmt: skip
"""Without the hours to a first stop: where there was none there is no mean."""


def worlds(
    scorer: Scorer,
    datasets: Sequence[Dataset],
    *,
    lines: ScoreLines | None = None,
    learnt_until: np.datetime64 | None = None,
) -> tuple[SliceEntry, ...]:
    """One entry a world: all figures that one recorded stream gives, without intervals."""
    return tuple(_world(scorer, each.take(each.truth >= 0), lines, learnt_until) for each in datasets)


def _world(
    scorer: Scorer, dataset: Dataset, lines: ScoreLines | None, learnt_until: np.datetime64 | None
) -> SliceEntry:
    scores = scores_of(scorer, dataset)
    both = len(np.unique(dataset.truth)) == 2
    return SliceEntry(
        column="world",
        value=dataset.description,
        rows=len(dataset),
        fraud=int(dataset.truth.sum()),
        metrics=(
            *measure(scores, dataset.truth, seed=0, resamples=0),
            *figures_apart(dataset, scores, learnt_until),
            *(calibration_elsewhere(scores, dataset.truth, dataset.times) if both else ()),
            *(each.metric() for each in equalities_of(dataset, scores)),
            *_operational(dataset, scores, lines),
        ),
    )


def _operational(
    dataset: Dataset, scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]], lines: ScoreLines | None
) -> Iterator[Metric]:
    found = operate(dataset, scores, lines) if lines else None
    if found is not None:
        yield from (each for each in found.metrics if each.name.startswith(_OF_OPERATIONS))
