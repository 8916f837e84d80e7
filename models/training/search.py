"""A search for better settings under a budget of minutes, judged on the validation slice and nothing later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import optuna

from models.scorer import scorer_of
from models.training.dataset import Dataset, check_trainable
from models.training.fit import FitSettings, Rows, fit
from models.training.progress import Progress, silent
from models.training.splits import split_by_time
from models.training.train import UNCALIBRATED, TrainSettings, rows_to_learn_from

MOST_TRIALS = 500
_SECONDS_PER_MINUTE = 60.0


def search(
    dataset: Dataset,
    settings: TrainSettings,
    *,
    minutes: float,
    trials: int = MOST_TRIALS,
    progress: Progress = silent,
) -> TrainSettings:
    """The settings with the least log-loss on the validation slice among those tried, the given ones included.

    How many are tried depends on the machine; the card names what was chosen, and training again with that gives
    the same bytes.

    Args:
        dataset: what to learn from.
        settings: where to begin; the seed also seeds the search.
        minutes: no further trial begins after it.
        trials: how many at most.
        progress: told of each trial.

    Raises:
        DatasetError: the data cannot be trained on.
    """
    check_trainable(dataset)
    split = split_by_time(dataset.times, dataset.entities, shares=settings.shares, gap_days=settings.gap_days)
    training, validation = rows_to_learn_from(dataset, split)
    done = 0

    def loss(trial: optuna.Trial) -> float:
        nonlocal done
        tried = _suggested(trial, settings.fit)
        found = _log_loss(dataset, training, validation, tried, settings.seed)
        done += 1
        progress("searching settings", done, None)
        return found

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=settings.seed))
    study.enqueue_trial(_as_suggestion(settings.fit))
    study.optimize(loss, n_trials=trials, timeout=minutes * _SECONDS_PER_MINUTE)
    return replace(settings, fit=_suggested(optuna.trial.FixedTrial(study.best_params), settings.fit))


def _suggested(trial: optuna.Trial | optuna.trial.FixedTrial, start: FitSettings) -> FitSettings:
    return replace(
        start,
        depth=trial.suggest_int("depth", 2, 5),
        learning_rate=trial.suggest_float("learning_rate", 0.03, 0.3, log=True),
        min_child_weight=trial.suggest_float("min_child_weight", 1.0, 50.0, log=True),
        row_share=trial.suggest_float("row_share", 0.5, 1.0),
        feature_share=trial.suggest_float("feature_share", 0.3, 1.0),
        l2=trial.suggest_float("l2", 0.5, 20.0, log=True),
    )


def _as_suggestion(settings: FitSettings) -> dict[str, float]:
    return {
        "depth": settings.depth,
        "learning_rate": settings.learning_rate,
        "min_child_weight": settings.min_child_weight,
        "row_share": settings.row_share,
        "feature_share": settings.feature_share,
        "l2": settings.l2,
    }


def _log_loss(dataset: Dataset, training: Rows, validation: Rows, settings: FitSettings, seed: int) -> float:
    booster = fit(
        training,
        validation,
        names=dataset.names,
        directions=[feature.direction for feature in dataset.features],
        settings=settings,
        seed=seed,
    )
    scorer = scorer_of(booster, features=dataset.names, catalogue=dataset.names, calibration=UNCALIBRATED)
    margins = scorer.tables.margins_of(validation.matrix)
    surprise = np.logaddexp(0.0, np.where(validation.labels == 1, -margins, margins))
    return float(np.average(surprise, weights=validation.weights))
