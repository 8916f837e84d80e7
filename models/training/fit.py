"""Fitting the booster: shallow trees, monotone where the catalogue says so, the same bytes for the same data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.boosting import xgboost
from models.training.progress import Progress, silent

DEEPEST = 6
"""Deeper trees rank no better in measurements and their contribution tables grow beyond reason."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """The booster's settings. The threads are part of them: sums are grouped by thread, so they decide the bytes.

    ``fraud_weight`` counts fraudulent rows more often while trees grow; the calibration undoes it.
    """

    trees: int = 400
    depth: int = 3
    learning_rate: float = 0.10
    min_child_weight: float = 5.0
    row_share: float = 0.8
    feature_share: float = 0.5
    l2: float = 2.0
    patience: int = 40
    threads: int = 2
    fraud_weight: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= DEEPEST:
            raise ValueError(f"the depth must lie between 1 and {DEEPEST}, not {self.depth}")
        if self.trees < 1 or self.threads < 1:
            raise ValueError("at least one tree and one thread are needed")

    def as_dict(self) -> dict[str, float | int | str | bool]:
        """For the model card."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rows:
    """One slice as the booster sees it; ``weights`` is ``None`` for equal ones.

    ``places`` are the rows' in the data set and ``augmented`` says which of its two matrices they are of, for engines
    that read the rows where the data set is kept.
    """

    matrix: NDArray[np.float32]
    labels: NDArray[np.int8]
    weights: NDArray[np.float64] | None = None
    places: NDArray[np.intp] | None = None
    augmented: bool = False


class Engine(Protocol):
    """What grows trees: ``fit`` here, or ``models.training.cluster.ClusterEngine`` on many machines."""

    def __call__(
        self,
        training: Rows,
        validation: Rows,
        *,
        names: Sequence[str],
        directions: Sequence[int],
        settings: FitSettings,
        seed: int,
        progress: Progress,
    ) -> bytes:
        """Grow the trees; the model file."""
        ...


class Reporter(xgboost.callback.TrainingCallback):
    """Tells the progress after every tree."""

    def __init__(self, progress: Progress, trees: int) -> None:
        super().__init__()
        self._progress, self._trees = progress, trees

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 - XGBoost's signature
        """False: go on."""
        self._progress("growing trees", epoch + 1, self._trees)
        return False


def fit(
    training: Rows,
    validation: Rows,
    *,
    names: Sequence[str],
    directions: Sequence[int],
    settings: FitSettings,
    seed: int,
    progress: Progress = silent,
) -> bytes:
    """Grow the trees, stop when the validation slice stops gaining, and keep the best.

    Returns:
        The model file (UBJSON).
    """
    train = xgboost.QuantileDMatrix(
        training.matrix, training.labels, weight=training.weights, feature_names=list(names), nthread=settings.threads
    )
    watched = xgboost.QuantileDMatrix(
        validation.matrix,
        validation.labels,
        weight=validation.weights,
        feature_names=list(names),
        nthread=settings.threads,
        ref=train,
    )
    booster = xgboost.train(
        parameters(settings, directions, seed=seed),
        train,
        num_boost_round=settings.trees,
        evals=[(watched, "validation")],
        early_stopping_rounds=settings.patience,
        verbose_eval=False,
        callbacks=[Reporter(progress, settings.trees)],
    )
    return best_of(booster)


def parameters(settings: FitSettings, directions: Sequence[int], *, seed: int) -> dict[str, Any]:
    """As XGBoost calls them, for every engine alike."""
    return {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "max_depth": settings.depth,
        "eta": settings.learning_rate,
        "min_child_weight": settings.min_child_weight,
        "subsample": settings.row_share,
        "colsample_bytree": settings.feature_share,
        "lambda": settings.l2,
        "scale_pos_weight": settings.fraud_weight,
        "monotone_constraints": "(" + ",".join(str(int(each)) for each in directions) + ")",
        "seed": seed,
        "nthread": settings.threads,
    }


def best_of(booster: Any) -> bytes:
    """The model file of the trees up to the best one."""
    best = booster[: booster.best_iteration + 1]
    best.set_attr(best_iteration=None, best_score=None)
    return bytes(best.save_raw("ubj"))
