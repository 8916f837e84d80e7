"""Influence: what each source of labels does to a model, by training without it and asking everybody else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.evaluation.comparison import Difference, recall_difference, standard_error
from models.evaluation.evaluation import scores_of
from models.evaluation.metrics import slope_and_intercept
from models.scorer import Scorer
from models.training.dataset import Dataset
from models.training.progress import Progress, silent
from models.training.splits import Split

Floats = NDArray[np.float64]

SOURCE = "source"
"""The slice of a data set that names who labelled each row; empty where nobody did."""

RATE = 0.01
FEWEST = 40
"""Of each class, labelled by others in the later slices: with fewer nothing is said of a source."""

LEAST_SHARE = 0.005
"""Sources with a smaller share of the labels are not worth a training each."""

BEYOND_CHANCE = 3.0
"""Standard errors by which everybody else's labels must be told better without a source."""

CLEARED_ERRORS = 4.0
CLEARED_SHARE = 0.5
"""A source clears too much when it calls fraud so few of its sign-ups that a model that never heard it expects twice
as many, and is surer of it than so many standard errors."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What leaving one source out changes for the labels of all others.

    Attributes:
        labels: how many the source gave.
        recall: at 1 % false positives; the challenger is the model without the source.
        told_better: by how much the others' labels are told better without it, in nats a label; ``errors`` of it
            are its standard errors. ``None`` where too few others speak.
        fraud: how many of its sign-ups it called fraud, and
        expected: how many a model expects that never heard it.
        vouched_for: somebody answers for the source: it is reported, never held back.
        suspect: it clears too much, or has the others told worse, beyond chance.
    """

    source: str
    labels: int
    recall: Difference | None = None
    told_better: float | None = None
    errors: float | None = None
    fraud: int = 0
    expected: float = 0.0
    vouched_for: bool = False
    suspect: bool = False

    @property
    def harmful(self) -> bool:
        """To be held back."""
        return self.suspect and not self.vouched_for

    def line(self) -> str:
        """For people."""
        if self.recall is None or self.told_better is None:
            return f"{self.source}: {self.labels:,} labels; too few of others to judge it by"
        told = f"others told {'better' if self.told_better > 0 else 'worse'} by {abs(self.told_better):.4f} nats"
        return (
            f"{self.source}: {self.labels:,} labels; without it recall {self.recall.champion:.3f} becomes "
            f"{self.recall.challenger:.3f}, {told} ({self.errors:+.1f} standard errors); called {self.fraud:,} fraud, "
            f"expected {self.expected:,.0f}{'  HELD BACK' if self.harmful else '  LOOK AT IT' if self.suspect else ''}"
        )


def influences(
    dataset: Dataset,
    split: Split,
    grow: Callable[[Dataset], Scorer],
    *,
    seed: int,
    vouched_for: Collection[str] = (),
    progress: Progress = silent,
) -> tuple[Influence, ...]:
    """Leave one source out after the other.

    A source is judged by what others said explicitly of later sign-ups, never by silence. One that honestly finds
    what nobody else can find, or clears only whom it has seen proof of, looks the same as a liar: that is what
    vouching is for.

    Args:
        dataset: with the slice ``SOURCE``.
        split: of its rows.
        grow: trains as the model itself is trained, on another version of the same rows.
        seed: of the resampling.
        vouched_for: sources that somebody answers for.
        progress: told of each source.
    """
    sources = dataset.slices.get(SOURCE)
    if sources is None:
        return ()
    named = sorted(set(sources[(sources != "") & (dataset.labels >= 0)].tolist()))
    counts = {name: int(((sources == name) & (dataset.labels >= 0)).sum()) for name in named}
    least = LEAST_SHARE * sum(counts.values())
    worth = [name for name in named if counts[name] >= least]
    if len(worth) < 2:
        return ()  # with one source there is nobody to ask
    later = np.concatenate((split.validation, split.calibration))
    whole, found = grow(dataset), []
    for done, name in enumerate(worth, start=1):
        progress("leaving out sources", done, len(worth))
        by_others = (sources[later] != "") & (sources[later] != name) & (dataset.labels[later] >= 0)
        judged = dataset.take(later[by_others])
        if min(int((judged.labels == label).sum()) for label in (0, 1)) < FEWEST:
            found.append(Influence(name, counts[name], vouched_for=name in vouched_for))
            continue
        without = grow(without_sources(dataset, (name,)))
        scores = [scores_of(scorer, judged) for scorer in (whole, without)]
        own = dataset.take((sources == name) & (dataset.labels >= 0))
        expected = scores_of(without, own)
        judgement = _judged(name, judged, scores, seed)
        found.append(
            replace(
                judgement,
                labels=counts[name],
                fraud=int(own.labels.sum()),
                expected=float(expected.sum()),
                vouched_for=name in vouched_for,
                suspect=judgement.suspect or _clears_too_much(own.labels, expected),
            )
        )
    return tuple(found)


def without_sources(dataset: Dataset, names: tuple[str, ...]) -> Dataset:
    """The same rows with the labels of some sources unsaid."""
    said = np.isin(dataset.slices[SOURCE], list(names))
    unsaid = np.where(said, -1, dataset.labels).astype(np.int8)
    return replace(dataset, labels=unsaid, truth=np.where(said, -1, dataset.truth).astype(np.int8))


def _clears_too_much(labels: NDArray[np.int8], expected: Floats) -> bool:
    wanted, spread = float(expected.sum()), float(np.sqrt((expected * (1 - expected)).sum()))
    return bool(labels.sum() < CLEARED_SHARE * wanted and wanted - labels.sum() > CLEARED_ERRORS * spread)


def _judged(name: str, judged: Dataset, scores: list[Floats], seed: int) -> Influence:
    # The base rate of others' labels is not the source's business: both are calibrated to them first.
    losses = [_loss(each, judged.labels) for each in scores]
    gained = losses[0] - losses[1]
    units = judged.entities
    spread = standard_error(gained, units)
    errors = float(gained.mean()) / spread if spread else 0.0
    return Influence(
        source=name,
        labels=0,
        recall=recall_difference(scores[0], scores[1], judged.labels, rate=RATE, units=units, seed=seed),
        told_better=float(gained.mean()),
        errors=errors,
        suspect=errors >= BEYOND_CHANCE,
    )


def _loss(scores: Floats, labels: NDArray[np.int8]) -> Floats:
    slope, intercept = slope_and_intercept(scores, labels)
    clipped = np.clip(scores, 1e-9, 1 - 1e-9)
    log_odds = slope * np.log(clipped / (1 - clipped)) + intercept
    loss: Floats = np.logaddexp(0.0, np.where(labels == 1, -log_odds, log_odds))
    return loss
