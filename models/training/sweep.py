"""Leave one family out: how well each attack family is found by a model that never saw it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.evaluation import scores_of
from models.evaluation.intervals import wilson
from models.evaluation.metrics import threshold_at
from models.evaluation.operations import by_number
from models.training.dataset import Dataset, DatasetError, check_trainable
from models.training.fit import Engine, fit
from models.training.progress import Progress, silent
from models.training.splits import split_by_time
from models.training.train import TrainSettings, grow

RATES = (0.005, 0.01)


@dataclass(frozen=True, slots=True)
class FamilyRecall:
    """One attack family at thresholds over all honest people.

    Attributes:
        unseen: by rate, the recall of a model that never saw the family, with its 95 % interval.
        seen: by rate, that of the model which learnt from every family.
    """

    family: str
    rows: int
    unseen: tuple[tuple[float, float, float], ...]
    seen: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """All families, hardest first."""

    judged_on: str
    families: tuple[FamilyRecall, ...]

    def lines(self) -> Iterator[str]:
        """A table for people."""
        yield f"recall of each attack family by a model that never saw it, on {self.judged_on}"
        columns = "".join(f"{f'unseen at {rate:.1%}':>17}{'95 % interval':>18}" for rate in RATES)
        seen = "".join(f"{f'seen at {rate:.1%}':>14}" for rate in RATES)
        yield f"{'family':<8}{'rows':>7}{columns}{seen}"
        for each in self.families:
            unseen = "".join(f"{recall:>17.3f}{f'{low:.3f} to {high:.3f}':>18}" for recall, low, high in each.unseen)
            yield f"{each.family:<8}{each.rows:>7,}{unseen}" + "".join(f"{recall:>14.3f}" for recall in each.seen)


def sweep(
    dataset: Dataset,
    settings: TrainSettings,
    *,
    only: Sequence[str] = (),
    other: Dataset | None = None,
    engine: Engine = fit,
    progress: Progress = silent,
) -> Sweep:
    """Train once with everything and once without each family; every honest kind is learnt from.

    Args:
        dataset: a replayed world; the column ``kind`` names the families.
        settings: as for training.
        only: the families to leave out, each in turn; by default all there are.
        other: another world to judge on; by default honest people of the last slice, and all sign-ups of a family,
            whose own model saw none of them (for ``seen`` those of the last slice, where there are any).
        engine: what grows the trees.
        progress: told of each family.

    Raises:
        DatasetError: there are no families, or not those named, or the data cannot be trained on.
    """
    check_trainable(dataset)
    kinds = dataset.slices.get("kind")
    families = [] if kinds is None else sorted(np.unique(kinds[dataset.truth == 1]).tolist(), key=by_number)
    if not families:
        raise DatasetError(f"{dataset.description} has no attack families to leave out")
    if absent := sorted(set(only) - set(families)):
        raise DatasetError(f"{', '.join(absent)} cannot be left out: {dataset.description} has no such family")
    families = [family for family in families if not only or family in only]
    split = split_by_time(dataset.times, dataset.entities, shares=settings.shares, gap_days=settings.gap_days)
    last = other if other is not None else dataset.take(split.test)
    everything = scores_of(grow(dataset.holding_out(()), split, settings, engine=engine).scorer, last)
    found = []
    for at, family in enumerate(families, start=1):
        progress(f"training without {family}", at, len(families))
        scorer = grow(dataset.holding_out((family,)), split, settings, engine=engine).scorer
        judged, theirs = scores_of(scorer, last), last.slices["kind"] == family
        rows = judged[theirs] if other is not None else scores_of(scorer, dataset.take(_family(dataset, family)))
        seen = [_recall(everything, last.truth, everything[theirs], rate) for rate in RATES]
        unseen = [_recall(judged, last.truth, rows, rate) for rate in RATES]
        intervals = tuple((recall, *wilson(recall * len(rows), len(rows))) for recall in unseen)
        found.append(FamilyRecall(family, len(rows), intervals, tuple(seen)))
    return Sweep(last.description, tuple(sorted(found, key=lambda each: each.unseen[0][0])))


def _family(dataset: Dataset, family: str) -> NDArray[np.bool_]:
    rows: NDArray[np.bool_] = dataset.slices["kind"] == family
    return rows


def _recall(scores: NDArray[np.float64], truth: NDArray[np.int8], rows: NDArray[np.float64], rate: float) -> float:
    return float((rows >= threshold_at(scores, truth, rate)).mean()) if len(rows) else float("nan")
