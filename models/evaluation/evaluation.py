"""Judging a model on a data set: overall, on families it learnt from and on those it never saw, and by group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.card import DataSource, Metric, SliceEntry
from models.evaluation.metrics import measure, threshold_at
from models.scorer import Scorer
from models.training.dataset import Dataset
from models.training.progress import Progress, silent

Floats = NDArray[np.float64]

NOT_COMPARABLE = (
    "These figures come from simulated sign-ups. They are not comparable to figures from live traffic: "
    "a simulated attacker does only what its author thought of."
)

FEWEST_HONEST = 500
"""Groups with fewer honest rows are left out of the ratio between groups: their rates are noise."""

PARITY_RATE = 0.01
EXPLAINED_ROWS = 2_000
LARGEST_SLICES = 40


@dataclass(frozen=True, slots=True)
class Equality:
    """Predictive equality over one column: the smallest over the largest false-positive rate of its groups.

    The threshold is the one at which 1 % of all honest rows are flagged. ``ratio`` is ``None`` with fewer than
    two groups large enough to judge.
    """

    column: str
    ratio: float | None
    rates: tuple[tuple[str, int, float], ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """The mean absolute contribution of a feature, in log-odds."""

    feature: str
    mean: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found; ``lines`` prints it and ``models.evaluation.report`` draws it.

    Attributes:
        scores: the calibrated probability of every row.
        truth: 1 fraud, 0 honest, as it really is.
        metrics: over all rows.
        slices: by group; ``families`` are slices too: each attack family against all honest rows.
    """

    version: str
    source: DataSource
    description: str
    scores: Floats
    truth: NDArray[np.int8]
    metrics: tuple[Metric, ...]
    slices: tuple[SliceEntry, ...]
    equalities: tuple[Equality, ...]
    importances: tuple[Importance, ...]

    def lines(self) -> Iterator[str]:
        """The findings for people, line by line."""
        yield f"{self.version} on {self.description}: {len(self.truth):,} rows, {int(self.truth.sum()):,} fraud"
        if self.source is DataSource.SIMULATED:
            yield f"  {NOT_COMPARABLE}"
        for metric in self.metrics:
            interval = "" if metric.low is None else f"  ({metric.low:.4f} to {metric.high:.4f})"
            yield f"  {metric.name:<38} {'not measured' if metric.value is None else f'{metric.value:.4f}'}{interval}"
        for each in self.equalities:
            ratio = "too few rows to judge" if each.ratio is None else f"{each.ratio:.3f}"
            yield f"  {'predictive equality, ' + each.column:<38} {ratio}"

    def summary(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines())


def judge(*, version: str, scorer: Scorer, dataset: Dataset, seed: int, progress: Progress = silent) -> Evaluation:
    """Score every row of a data set and compare with the truth.

    Args:
        version: of the model.
        scorer: built for vectors in the order of ``dataset.names``.
        dataset: any; rows whose outcome is not known (truth below 0) are left out.
        seed: of the bootstrap and of the sample whose contributions are averaged.
        progress: told of each stage.
    """
    dataset = dataset.take(dataset.truth >= 0)
    progress("scoring", 0, len(dataset))
    scores = np.array([score.probability for score in scorer.score_rows(dataset.matrix)])
    progress("scoring", len(dataset), len(dataset))
    return Evaluation(
        version=version,
        source=dataset.source,
        description=dataset.description,
        scores=scores,
        truth=dataset.truth,
        metrics=measure(scores, dataset.truth, seed=seed),
        slices=tuple(_slices(dataset, scores, seed, progress)),
        equalities=tuple(_equality(name, column, scores, dataset.truth) for name, column in dataset.slices.items()),
        importances=_importances(scorer, dataset, seed, progress),
    )


def _slices(dataset: Dataset, scores: Floats, seed: int, progress: Progress) -> Iterator[SliceEntry]:
    """Families against all honest rows, kinds of honest people against all fraud, other groups by themselves."""
    columns = dict(dataset.slices)
    if dataset.held_out is not None:
        columns = {"learnt": np.where(dataset.held_out, "held out", "seen"), **columns}
    honest = dataset.truth == 0
    for name, column in columns.items():
        values, counts = np.unique(column, return_counts=True)
        values = np.sort(values[np.argsort(-counts, kind="stable")][:LARGEST_SLICES])
        for value in values.tolist():
            rows = column == value
            progress(f"judging {name}", values.tolist().index(value) + 1, len(values))
            fraud = int(dataset.truth[rows].sum())
            compared = rows
            if fraud == rows.sum():
                compared = rows | honest
            elif name == "learnt" and dataset.held_out is not None:
                compared = (rows & ~honest) | honest
            yield SliceEntry(
                column=name,
                value=value,
                rows=int(rows.sum()),
                fraud=fraud,
                metrics=_slice_metrics(scores, dataset.truth, rows, compared, seed),
            )


def _slice_metrics(
    scores: Floats, truth: NDArray[np.int8], rows: NDArray[np.bool_], compared: NDArray[np.bool_], seed: int
) -> tuple[Metric, ...]:
    """How many of the group the overall 1 % threshold disturbs or catches, and the ranking of ``compared``."""
    flagged = scores[rows] >= threshold_at(scores, truth, PARITY_RATE)
    own = truth[rows]
    rates = []
    if (own == 0).any():
        rates.append(Metric(name="false_positive_rate", value=round(float(flagged[own == 0].mean()), 6)))
    if (own == 1).any():
        rates.append(Metric(name="recall", value=round(float(flagged[own == 1].mean()), 6)))
    return (*rates, *measure(scores[compared], truth[compared], seed=seed, resamples=0))


def _equality(name: str, column: NDArray[np.str_], scores: Floats, truth: NDArray[np.int8]) -> Equality:
    flagged = scores >= threshold_at(scores, truth, PARITY_RATE)
    rates = []
    for value in np.unique(column).tolist():
        honest = (column == value) & (truth == 0)
        if honest.sum() >= FEWEST_HONEST:
            rates.append((value, int(honest.sum()), float(flagged[honest].mean())))
    if len(rates) < 2:
        return Equality(name, None, tuple(rates))
    highest = max(rate for _, _, rate in rates)
    return Equality(name, min(rate for _, _, rate in rates) / highest if highest else 1.0, tuple(rates))


def _importances(scorer: Scorer, dataset: Dataset, seed: int, progress: Progress) -> tuple[Importance, ...]:
    sample = np.random.default_rng(seed).permutation(len(dataset))[:EXPLAINED_ROWS]
    total = np.zeros(len(dataset.names))
    for done, row in enumerate(sample.tolist(), start=1):
        total += np.abs(scorer.explain(dataset.matrix[row]).contributions)
        if done % 500 == 0:
            progress("explaining a sample", done, len(sample))
    means = (total / max(len(sample), 1)).tolist()
    return tuple(
        Importance(name, mean) for mean, name in sorted(zip(means, dataset.names, strict=True), reverse=True) if mean
    )
