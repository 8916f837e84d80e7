"""Training from rows: split, fit, calibration, judgement, card; the same wherever the rows come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models import registry
from models.boosting import xgboost
from models.calibration import Calibration
from models.card import Card, DataSource, DataWindow, Knots, Metric
from models.evaluation.evaluation import NOT_COMPARABLE, Evaluation, judge
from models.evaluation.lines import ScoreLines
from models.evaluation.worlds import worlds
from models.scorer import Scorer, scorer_of
from models.training.calibrate import calibrate
from models.training.dataset import Dataset, DatasetError, check_trainable
from models.training.fit import Engine, FitSettings, Rows, fit
from models.training.progress import Progress, silent
from models.training.robustness import robustness
from models.training.splits import Shares, Split, split_by_time

XGBOOST = "xgboost"
"""The setting that names the library's release: another one may grow other trees."""

_SHARE = "share_"

UNCALIBRATED = Calibration((-30.0, 30.0), (-30.0, 30.0))


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What decides a model besides its data.

    ``fraud_found`` is the share of fraud that is ever reported, as audits show: 1 where nobody has audited.
    """

    fit: FitSettings = field(default_factory=FitSettings)
    shares: Shares = field(default_factory=Shares)
    gap_days: float | None = None
    seed: int = 1
    fraud_found: float = 1.0

    def __post_init__(self) -> None:
        if not 0.5 <= self.fraud_found <= 1:
            raise ValueError(f"the share of fraud that is found must lie between 0.5 and 1, not {self.fraud_found}")

    def as_dict(self) -> dict[str, float | int | str | bool]:
        """For the model card: everything that decides the bytes, but for the seed and the data."""
        named = self.fit.as_dict() | {f"{_SHARE}{key}": each for key, each in asdict(self.shares).items()}
        named |= {"fraud_found": self.fraud_found, XGBOOST: xgboost.__version__}
        return named if self.gap_days is None else named | {"gap_days": self.gap_days}

    @classmethod
    def of_card(cls, card: Card) -> TrainSettings:
        """The settings that a card names.

        Raises:
            DatasetError: the card does not name them all.
        """
        named = dict(card.settings)
        try:
            return cls(
                fit=FitSettings(**{each.name: named[each.name] for each in fields(FitSettings)}),  # type: ignore[arg-type]  # a card's settings are checked as a whole
                shares=Shares(**{each.name: named[_SHARE + each.name] for each in fields(Shares)}),  # type: ignore[arg-type]  # the same
                gap_days=None if "gap_days" not in named else float(named["gap_days"]),
                seed=card.seed,
                fraud_found=float(named.get("fraud_found", 1.0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"the card of {card.version} does not name every setting: {error}") from error


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


@dataclass(frozen=True, slots=True)
class Grown:
    """A booster with its calibration, ready to score vectors in the order of the data set's features."""

    booster: bytes
    knots: Knots
    scorer: Scorer


def train(
    dataset: Dataset,
    settings: TrainSettings,
    *,
    created: datetime,
    version: str | None = None,
    others: Sequence[Dataset] = (),
    lines: ScoreLines | None = None,
    engine: Engine = fit,
    noted: Mapping[str, float | str] = MappingProxyType({}),
    progress: Progress = silent,
) -> TrainedModel:
    """Split by time, fit, calibrate on later rows, judge on still later ones (or on ``others``), write the card.

    Args:
        dataset: what to learn from.
        settings: of the split and the fit.
        created: the instant that the card names.
        version: the model's name; by default made from the time and the digest.
        others: other worlds to judge on; the first one whole, all of them for the mean and the worst.
        lines: a policy's score lines, for the operational figures.
        engine: what grows the trees.
        noted: what else decides the model, for the card's settings.
        progress: told of each stage.

    Raises:
        DatasetError: the data cannot be trained on.
    """
    check_trainable(dataset)
    split = split_by_time(dataset.times, dataset.entities, shares=settings.shares, gap_days=settings.gap_days)

    def again(changed: Dataset) -> Scorer:
        return grow(changed, split, settings, engine=engine, progress=progress).scorer

    grown = grow(dataset, split, settings, engine=engine, progress=progress)
    digest = registry.digest_of(grown.booster)
    version = version or f"{created.astimezone(UTC):%Y%m%d-%H%M%S}-{digest[:8]}"
    judged = others[0] if others else dataset.take(split.test)
    learnt_until = dataset.times[split.calibration[-1]]
    evaluation: Evaluation | None = None
    again_trained: tuple[Metric, ...] = ()
    if len(np.unique(judged.truth[judged.truth >= 0])) == 2:
        evaluation = judge(
            version=version,
            scorer=grown.scorer,
            dataset=judged,
            seed=settings.seed,
            lines=lines,
            learnt_until=learnt_until,
            progress=progress,
        )
        again_trained = robustness(
            again, dataset, judged.take(judged.truth >= 0), evaluation.scores, seed=settings.seed
        )
    card = Card(
        version=version,
        created=created,
        summary=_SUMMARY[dataset.source],
        features=dataset.features,
        seed=settings.seed,
        settings={**settings.as_dict(), **noted},
        data=_window(dataset, split),
        model_sha256=digest,
        calibration=grown.knots,
        metrics=evaluation.card_metrics() if evaluation else (),
        slices=evaluation.slices if evaluation else (),
        robustness=(*again_trained, *evaluation.robustness()) if evaluation else (),
        operations=evaluation.operational() if evaluation else (),
        worlds=worlds(grown.scorer, others, lines=lines, learnt_until=learnt_until) if len(others) > 1 else (),
        intended_use=_INTENDED_USE,
        limits=_limits(dataset, judged_elsewhere=bool(others)),
    )
    return TrainedModel(grown.booster, card, evaluation)


def grow(
    dataset: Dataset, split: Split, settings: TrainSettings, *, engine: Engine = fit, progress: Progress = silent
) -> Grown:
    """Fit on the training slice, stop by the validation slice, calibrate on the calibration slice.

    Raises:
        DatasetError: a slice lacks a class.
    """
    training, validation = rows_to_learn_from(dataset, split)
    booster = engine(
        training,
        validation,
        names=dataset.names,
        directions=[feature.direction for feature in dataset.features],
        settings=settings.fit,
        seed=settings.seed,
        progress=progress,
    )
    raw = scorer_of(booster, features=dataset.names, catalogue=dataset.names, calibration=UNCALIBRATED)
    rows = _learnable(dataset, split.calibration, "calibration")
    progress("calibrating", 0, None)
    weights = _base_rate_weights(dataset, rows, settings.fraud_found)
    knots = calibrate(raw.tables.margins_of(dataset.matrix[rows]), dataset.labels[rows], weights)
    scorer = scorer_of(booster, features=dataset.names, catalogue=dataset.names, calibration=knots.calibration())
    return Grown(booster, knots, scorer)


def rows_to_learn_from(dataset: Dataset, split: Split) -> tuple[Rows, Rows]:
    """The training and the validation slice.

    Raises:
        DatasetError: one of them lacks a class.
    """
    return (
        _rows(dataset, _learnable(dataset, split.training, "training"), augmented=True),
        _rows(dataset, _learnable(dataset, split.validation, "validation")),
    )


_INTENDED_USE = (
    "To rank new educational and research sign-ups for verification and review by people. Not for judging a person "
    "in any other context, and not for denying anybody an account without review."
)

_SUMMARY = {
    DataSource.SIMULATED: "Learnt from SIMULATED sign-ups only; it has never seen a real one.",
    DataSource.RECORDED: "Learnt from recorded decisions and their outcomes.",
    DataSource.TABLE: "Learnt from a feature table.",
}


def _limits(dataset: Dataset, *, judged_elsewhere: bool) -> tuple[str, ...]:
    limits = ["The score says how much a sign-up resembles earlier fraud. It proves nothing about a person."]
    if dataset.source is DataSource.SIMULATED:
        limits.append(NOT_COMPARABLE)
        limits.append(
            "Calibrated on outcomes that were known, of sign-ups that were let in. Fraud that nobody reports, fraud "
            "that the earlier defence kept out and families that were held out all make scores too low against the "
            "truth; calibration_against_known_outcomes shows what is left without them."
        )
        limits.append("Retrain on recorded decisions as soon as some hundreds of outcomes are known.")
    if not judged_elsewhere:
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
    if not augmented:
        return Rows(dataset.matrix[rows], dataset.labels[rows], _base_rate_weights(dataset, rows), places=rows)
    matrix = dataset.matrix if dataset.augmented is None else dataset.augmented
    found = Rows(matrix[rows], dataset.labels[rows], places=rows, augmented=dataset.augmented is not None)
    if dataset.weights is None and dataset.stands_for is None:
        return found
    weights = dataset.weights_of(rows)
    return replace(found, weights=weights / weights.mean())


def _base_rate_weights(dataset: Dataset, rows: NDArray[np.intp], fraud_found: float = 1.0) -> NDArray[np.float64]:
    """Weights that give a slice the base rate of all that was known by its end.

    Operators come in bursts, so that the rate of one short slice is that of the few who happened to be there, and
    those that reach across a cut are dropped from one side, which would make fraud look rarer than it was. Fraud
    that nobody found stands among the legitimate: what was found stands for ``1 / fraud_found`` times as much.
    """
    known = (dataset.times <= dataset.times[rows[-1]]) & (dataset.labels >= 0)
    if dataset.held_out is not None:
        known &= ~dataset.held_out
    stands_for = None if dataset.stands_for is None else dataset.stands_for[known]
    fraud = float(np.average(dataset.labels[known] == 1, weights=stands_for)) / fraud_found
    labels = dataset.labels[rows]
    # Within a class what is known better counts more; between the classes the base rate holds.
    graded = dataset.weights_of(rows)
    of_fraud, of_honest = (graded * (labels == label) / graded.mean() for label in (1, 0))
    weights = of_fraud * (fraud / of_fraud.mean()) + of_honest * ((1 - fraud) / of_honest.mean())
    evened: NDArray[np.float64] = weights * (len(rows) / weights.sum())
    return evened


def _window(dataset: Dataset, split: Split) -> DataWindow:
    return DataWindow(
        source=dataset.source,
        description=dataset.description,
        first=_instant(dataset.times[0]),
        last=_instant(dataset.times[-1]),
        learnt_until=_instant(dataset.times[split.calibration[-1]]),
        rows=len(dataset),
        fraud=int((dataset.labels == 1).sum()),
        training_rows=len(split.training),
        held_out=dataset.held_out_names(),
        sha256=dataset.sha256(),
    )


def _instant(time: np.datetime64) -> datetime:
    instant: datetime = time.astype("datetime64[us]").item()
    return instant.replace(tzinfo=UTC)
