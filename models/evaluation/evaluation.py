"""Judging a model on a data set: overall, on families it learnt from and on those it never saw, and by group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.card import DataSource, Metric, SliceEntry, metric_lines
from models.evaluation.apart import figures_apart
from models.evaluation.equality import PARITY_RATE, Equality, equalities_of
from models.evaluation.lines import ScoreLines
from models.evaluation.metrics import calibration_error, measure, threshold_at
from models.evaluation.operations import Operations, operate
from models.evaluation.prevalence import calibration_elsewhere
from models.evaluation.silence import Silence, silence_metrics, silences
from models.monitoring.log_odds import in_the_large
from models.scorer import Scorer
from models.training.dataset import Dataset
from models.training.progress import Progress, silent

Floats = NDArray[np.float64]

NOT_COMPARABLE = (
    "These figures come from simulated sign-ups. They are not comparable to figures from live traffic: "
    "a simulated attacker does only what its author thought of."
)

EXPLAINED_ROWS = 2_000
SHOWN_ROWS_A_CLASS = 130
SHOWN_FEATURES = 20
LARGEST_SLICES = 40


@dataclass(frozen=True, slots=True)
class Importance:
    """The mean absolute contribution of a feature, in log-odds."""

    feature: str
    mean: float


@dataclass(frozen=True, slots=True)
class Contributions:
    """What each feature added to the margin of some fraudulent and some honest rows, equally many where possible.

    Attributes:
        features: the most important ones, in that order.
        contributions: (rows, features) in log-odds.
        places: (rows, features): where the feature's value lies among the sample's, 0 lowest to 1 highest; NaN
            where it is missing.
    """

    features: tuple[str, ...]
    contributions: Floats
    places: Floats


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found; ``lines`` prints it and ``models.evaluation.report`` draws it.

    Attributes:
        scores: the calibrated probability of every row.
        truth: 1 fraud, 0 honest, as it really is.
        metrics: over all rows.
        apart: of parts: families seen and held out, the stealthy, what came long after training.
        elsewhere: calibration at other prevalences.
        held_out: the kinds and families that the model did not learn from.
        silences: what leaving out fields does, over ``probed`` fraudulent sign-ups.
        operations: ``None`` without a policy's score lines.
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
    contributions: Contributions | None = None
    held_out: tuple[str, ...] = ()
    elsewhere: tuple[Metric, ...] = ()
    apart: tuple[Metric, ...] = ()
    silences: tuple[Silence, ...] = ()
    probed: int = 0
    operations: Operations | None = None

    def card_metrics(self) -> tuple[Metric, ...]:
        """How equal, how well ranked, how true, for the model card."""
        return (*(each.metric() for each in self.equalities), *self.metrics, *self.apart)

    def robustness(self) -> tuple[Metric, ...]:
        """Omission and other prevalences, for the model card."""
        return (*self.elsewhere, *silence_metrics(self.silences, self.probed))

    def operational(self) -> tuple[Metric, ...]:
        """What the score lines cost whom, for the model card."""
        return self.operations.metrics if self.operations else ()

    def lines(self) -> Iterator[str]:
        """The findings for people, line by line."""
        yield f"{self.version} on {self.description}: {len(self.truth):,} rows, {int(self.truth.sum()):,} fraud"
        if self.source is DataSource.SIMULATED:
            yield f"  {NOT_COMPARABLE}"
        for each in self.equalities:
            yield from metric_lines([each.metric()])
        for metrics in (self.metrics, self.apart, self.operational(), self.robustness()):
            yield from metric_lines(metrics)

    def summary(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines())


def judge(
    *,
    version: str,
    scorer: Scorer,
    dataset: Dataset,
    seed: int,
    lines: ScoreLines | None = None,
    learnt_until: np.datetime64 | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Score every row of a data set and compare with the truth.

    Args:
        version: of the model.
        scorer: built for vectors in the order of ``dataset.names``.
        dataset: any; rows whose outcome is not known (truth below 0) are left out.
        seed: of the bootstrap and of the sample whose contributions are averaged.
        lines: a policy's score lines, for the operational figures.
        learnt_until: the time of the last row that the model learnt from.
        progress: told of each stage.
    """
    dataset = dataset.take(dataset.truth >= 0)
    scores = scores_of(scorer, dataset, progress)
    both = len(np.unique(dataset.truth)) == 2
    importances = _importances(scorer, dataset, seed, progress)
    return Evaluation(
        version=version,
        source=dataset.source,
        description=dataset.description,
        scores=scores,
        truth=dataset.truth,
        metrics=measure(scores, dataset.truth, seed=seed),
        slices=tuple(_slices(dataset, scores, seed, progress)),
        equalities=equalities_of(dataset, scores),
        importances=importances,
        contributions=_contributions(scorer, dataset, importances, seed),
        held_out=dataset.held_out_names(),
        elsewhere=(*_against_known(dataset, scores), *calibration_elsewhere(scores, dataset.truth, dataset.times))
        if both
        else (),
        apart=figures_apart(dataset, scores, learnt_until),
        silences=silences(scorer, dataset, scores, lines, progress),
        probed=len(dataset.probes.rows) if dataset.probes is not None else 0,
        operations=operate(dataset, scores, lines) if lines else None,
    )


def scores_of(scorer: Scorer, dataset: Dataset, progress: Progress = silent) -> Floats:
    """The calibrated probability of every row."""
    progress("scoring", 0, len(dataset))
    scores = np.array([score.probability for score in scorer.score_rows(dataset.matrix)], np.float64)
    progress("scoring", len(dataset), len(dataset))
    return scores


def _against_known(dataset: Dataset, scores: Floats) -> Iterator[Metric]:
    """Calibration against the outcomes that were known: what a score was taught to mean."""
    rows = dataset.labels >= 0
    if dataset.held_out is not None:
        rows &= ~dataset.held_out
    if len(np.unique(dataset.labels[rows])) == 2:
        found = {
            "calibration_error_against_known_outcomes": calibration_error(scores[rows], dataset.labels[rows]),
            "calibration_in_the_large_against_known_outcomes": in_the_large(scores[rows], dataset.labels[rows]),
        }
        yield from (Metric(name=name, value=round(value, 6)) for name, value in found.items())


def _slices(dataset: Dataset, scores: Floats, seed: int, progress: Progress) -> Iterator[SliceEntry]:
    """Families against all honest rows, kinds of honest people against all fraud, other groups by themselves."""
    columns = dataset.reported_slices()
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


def _contributions(
    scorer: Scorer, dataset: Dataset, importances: tuple[Importance, ...], seed: int
) -> Contributions | None:
    random = np.random.default_rng(seed)
    parts = [random.permutation(np.flatnonzero(dataset.truth == label))[:SHOWN_ROWS_A_CLASS] for label in (0, 1)]
    rows = np.concatenate(parts)
    shown = [dataset.names.index(each.feature) for each in importances[:SHOWN_FEATURES]]
    if not len(rows) or not shown:
        return None
    added = np.array([scorer.explain(dataset.matrix[row]).contributions for row in rows.tolist()])[:, shown]
    values = dataset.matrix[rows][:, shown].astype(np.float64)
    places = np.full(values.shape, np.nan)
    for at in range(values.shape[1]):
        present = ~np.isnan(values[:, at])
        _, order = np.unique(values[present, at], return_inverse=True)
        places[present, at] = order / max(int(order.max(initial=0)), 1)
    return Contributions(tuple(dataset.names[at] for at in shown), added, places)
