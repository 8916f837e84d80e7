"""From decisions and what was said of them to a labelled data set, past the guards against poisoned labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from models.scorer import Scorer
from models.training.dataset import Dataset, check_trainable
from models.training.fit import Engine, fit
from models.training.guards import Finding, SourceRules, guard
from models.training.influence import SOURCE, Influence, influences, without_sources
from models.training.labels import LabelRow
from models.training.progress import Progress, silent
from models.training.recorded import KnownOutcome, RecordedRow, recorded_dataset
from models.training.replayed import MATURITY
from models.training.splits import split_by_time
from models.training.train import TrainSettings, grow


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """How outcomes become labels.

    Attributes:
        known_by: what became known later does not count.
        rules: how far each source is trusted, and how much a day.
        released: floods that a person has looked at.
        survivors_count: whether an account that nobody complained of counts as legitimate.
        survivor_weight: what such an account weighs as contrast: survival is not goodness.
        ripening: how long an account must have been there before its silence, or its outcome, counts.
        leave_out_harmful: whether sources are left out without which everybody else's labels are told better.
    """

    known_by: datetime
    rules: SourceRules = field(default_factory=SourceRules)
    released: tuple[str, ...] = ()
    survivors_count: bool = True
    survivor_weight: float = 1.0
    ripening: timedelta = MATURITY
    leave_out_harmful: bool = True


@dataclass(frozen=True, slots=True)
class Labelled:
    """A data set of recorded decisions, what the guards found, and how many were too young to count."""

    dataset: Dataset
    findings: tuple[Finding, ...] = ()
    influences: tuple[Influence, ...] = ()
    young: int = 0

    def lines(self) -> Iterator[str]:
        """For people, line by line."""
        yield from (each.line() for each in self.findings)
        yield from (each.line() for each in self.influences)
        if self.young:
            yield f"{self.young:,} left out: too young for their silence, or their outcome, to count"
        yield from left_out(self.dataset)


def labelled_from_recorded(
    rows: Iterable[RecordedRow],
    labels: Iterable[LabelRow],
    choice: LabelChoice,
    *,
    description: str,
    settings: TrainSettings,
    engine: Engine = fit,
    progress: Progress = silent,
) -> Labelled:
    """Join decisions with the labels that the guards let through, and leave out sources that do harm.

    Raises:
        DatasetError: they do not belong together.
    """
    guarded = guard(labels, rules=choice.rules, released=choice.released)
    dataset = recorded_dataset(
        rows,
        {name: KnownOutcome.of_label(row, guarded.weights[name]) for name, row in guarded.labels.items()},
        description=description,
        known_by=choice.known_by,
        doubted=guarded.doubted,
        survivors_count=choice.survivors_count,
        survivor_weight=choice.survivor_weight,
        ripening=choice.ripening,
        progress=progress,
    )
    dataset, young = _ripe(dataset, choice.known_by - choice.ripening)
    found, kept = (
        influence_of_sources(dataset, settings, vouched_for=choice.rules.vouched_for, engine=engine, progress=progress),
        dataset,
    )
    if choice.leave_out_harmful and (harmful := tuple(each.source for each in found if each.harmful)):
        kept = without_sources(dataset, harmful)
    return Labelled(kept, guarded.findings, found, young)


def _ripe(dataset: Dataset, until: datetime) -> tuple[Dataset, int]:
    """Without those that are too young, and how many they were: the newest rows must be such that a model is judged by.

    Where nobody is old enough everything stays, so that the refusal says what is missing.
    """
    old = dataset.times <= np.datetime64(until.astimezone(UTC).replace(tzinfo=None), "us")
    return (dataset.take(np.flatnonzero(old)), int((~old).sum())) if old.any() else (dataset, 0)


def left_out(dataset: Dataset) -> Iterator[str]:
    """The sign-ups that teach nothing, and why: for people, line by line."""
    unknown, decisions = dataset.labels < 0, dataset.slices["decision"]
    let_in = int((unknown & (decisions == "allow")).sum())
    if let_in:
        yield f"{let_in:,} that were let in left out: nothing that is said of them is used"
    stopped = int((unknown & (decisions != "allow")).sum())
    if stopped:
        yield f"{stopped:,} that were asked, held or refused left out: nothing is known of them, and nothing inferred"


def influence_of_sources(
    dataset: Dataset,
    settings: TrainSettings,
    *,
    vouched_for: Collection[str] = (),
    engine: Engine = fit,
    progress: Progress = silent,
) -> tuple[Influence, ...]:
    """What each source of labels does; nothing where fewer than two speak, or where nothing can be learnt yet."""
    if SOURCE not in dataset.slices:
        return ()
    if len(set(dataset.slices[SOURCE][dataset.labels >= 0].tolist()) - {""}) < 2:
        return ()  # with one source there is nobody to ask
    check_trainable(dataset)
    split = split_by_time(dataset.times, dataset.entities, shares=settings.shares, gap_days=settings.gap_days)

    def growing(changed: Dataset) -> Scorer:
        return grow(changed, split, settings, engine=engine).scorer

    return influences(dataset, split, growing, seed=settings.seed, vouched_for=vouched_for, progress=progress)
