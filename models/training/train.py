"""Training from rows: split, fit, calibration, judgement, card; the same wherever the rows come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import registry
from models.calibration import Calibration
from models.card import Card, DataSource, DataWindow
from models.evaluation.evaluation import NOT_COMPARABLE, Evaluation, judge
from models.scorer import scorer_of
from models.training.calibrate import calibrate
from models.training.dataset import Dataset, DatasetError, check_trainable
from models.training.fit import FitSettings, Rows, fit
from models.training.progress import Progress, silent
from models.training.splits import SLICES, Shares, Split, split_by_time

_UNCALIBRATED = Calibration((-30.0, 30.0), (-30.0, 30.0))


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What decides a model besides its data."""

    fit: FitSettings = field(default_factory=FitSettings)
    shares: Shares = field(default_factory=Shares)
    gap_days: float | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model, its card and how it did on rows that it never saw."""

    model: bytes
    card: Card
    evaluation: Evaluation | None

    def save(self, directory: Path) -> Path:
        """Store it in a registry; see ``models.registry.save``."""
        return registry.save(directory, model=self.model, card=self.card)

    def lines(self) -> Iterator[str]:
        """A summary for people, line by line."""
        yield from self.card.lines()

    def summary(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines())


def train(
    dataset: Dataset,
    settings: TrainSettings,
    *,
    created: datetime,
    version: str | None = None,
    other: Dataset | None = None,
    progress: Progress = silent,
) -> TrainedModel:
    """Split by time, fit, calibrate on later rows, judge on still later ones (or on ``other``), write the card.

    Raises:
        DatasetError: the data cannot be trained on.
    """
    check_trainable(dataset)
    split = split_by_time(dataset.times, dataset.entities, shares=settings.shares, gap_days=settings.gap_days)
    parts = {name: _learnable(dataset, getattr(split, name), name) for name in SLICES[:3]}
    booster = fit(
        _rows(dataset, parts["training"], augmented=True),
        _rows(dataset, parts["validation"]),
        names=dataset.names,
        directions=[feature.direction for feature in dataset.features],
        settings=settings.fit,
        seed=settings.seed,
        progress=progress,
    )
    raw = scorer_of(booster, features=dataset.names, catalogue=dataset.names, calibration=_UNCALIBRATED)
    calibrated = _rows(dataset, parts["calibration"])
    progress("calibrating", 0, None)
    knots = calibrate(raw.tables.margins_of(calibrated.matrix), calibrated.labels, calibrated.weights)
    scorer = scorer_of(booster, features=dataset.names, catalogue=dataset.names, calibration=knots.calibration())
    digest = registry.digest_of(booster)
    version = version or f"{created.astimezone(UTC):%Y%m%d-%H%M%S}-{digest[:8]}"
    judged = other if other is not None else dataset.take(split.test)
    evaluation = None
    if len(np.unique(judged.truth[judged.truth >= 0])) == 2:
        evaluation = judge(version=version, scorer=scorer, dataset=judged, seed=settings.seed, progress=progress)
    card = Card(
        version=version,
        created=created,
        summary=_SUMMARY[dataset.source],
        features=dataset.features,
        seed=settings.seed,
        settings=settings.fit.as_dict() | {f"share_{key}": each for key, each in asdict(settings.shares).items()},
        data=_window(dataset, split),
        model_sha256=digest,
        calibration=knots,
        metrics=evaluation.metrics if evaluation else (),
        slices=evaluation.slices if evaluation else (),
        intended_use=_INTENDED_USE,
        limits=_limits(dataset, other),
    )
    return TrainedModel(booster, card, evaluation)


_INTENDED_USE = (
    "To rank new educational and research sign-ups for verification and review by people. Not for judging a person "
    "in any other context, and not for denying anybody an account without review."
)

_SUMMARY = {
    DataSource.SIMULATED: "Learnt from SIMULATED sign-ups only; it has never seen a real one.",
    DataSource.RECORDED: "Learnt from recorded decisions and their outcomes.",
    DataSource.TABLE: "Learnt from a feature table.",
}


def _limits(dataset: Dataset, other: Dataset | None) -> tuple[str, ...]:
    limits = ["The score says how much a sign-up resembles earlier fraud. It proves nothing about a person."]
    if dataset.source is DataSource.SIMULATED:
        limits.append(NOT_COMPARABLE)
        limits.append("Retrain on recorded decisions as soon as some hundreds of outcomes are known.")
    if other is None:
        limits.append("The figures are from the last slice of the same data, later than everything learnt from.")
    if dataset.held_out is not None and dataset.held_out.any():
        limits.append("Held out of training by name; see the slice 'learnt' for how it does on what it never saw.")
    return tuple(limits)


def _learnable(dataset: Dataset, rows: NDArray[np.intp], name: str) -> NDArray[np.intp]:
    """The rows of a slice that have an outcome and are not held out.

    Raises:
        DatasetError: one class is missing.
    """
    kept = dataset.labels[rows] >= 0
    if dataset.held_out is not None:
        kept &= ~dataset.held_out[rows]
    rows = rows[kept]
    if len(np.unique(dataset.labels[rows])) < 2:
        raise DatasetError(
            f"the {name} slice ({len(rows):,} rows with an outcome) holds one class only: more data, a longer time "
            "or smaller entities are needed"
        )
    return rows


def _rows(dataset: Dataset, rows: NDArray[np.intp], *, augmented: bool = False) -> Rows:
    matrix = dataset.augmented if augmented and dataset.augmented is not None else dataset.matrix
    return Rows(matrix[rows], dataset.labels[rows], None if augmented else _base_rate_weights(dataset, rows))


def _base_rate_weights(dataset: Dataset, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Weights that give a slice the base rate of its own time.

    Operators that reach across a cut are dropped from one side, which would make fraud look rarer than it was.
    """
    during = (dataset.times >= dataset.times[rows[0]]) & (dataset.times <= dataset.times[rows[-1]])
    during &= dataset.labels >= 0
    if dataset.held_out is not None:
        during &= ~dataset.held_out
    weights = np.ones(len(rows))
    for label in (0, 1):
        kept = dataset.labels[rows] == label
        weights[kept] = (dataset.labels[during] == label).sum() / kept.sum()
    evened: NDArray[np.float64] = weights * (len(rows) / weights.sum())
    return evened


def _window(dataset: Dataset, split: Split) -> DataWindow:
    held_out: tuple[str, ...] = ()
    if dataset.held_out is not None and "kind" in dataset.slices:
        held_out = tuple(np.unique(dataset.slices["kind"][dataset.held_out]).tolist())
    return DataWindow(
        source=dataset.source,
        description=dataset.description,
        first=_instant(dataset.times[0]),
        last=_instant(dataset.times[-1]),
        rows=len(dataset),
        fraud=int((dataset.labels == 1).sum()),
        training_rows=len(split.training),
        held_out=held_out,
        sha256=dataset.sha256(),
    )


def _instant(time: np.datetime64) -> datetime:
    instant: datetime = time.astype("datetime64[us]").item()
    return instant.replace(tzinfo=UTC)
