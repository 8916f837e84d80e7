"""The training pipeline's entry points: from files of sign-ups, or from a feature table, to a trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from models.evaluation.lines import ScoreLines
from models.reference.reference import Reference
from models.simulation.files import read_world
from models.training.dataset import VARIANT, Dataset, DatasetError
from models.training.fit import Engine, fit
from models.training.labelled import LabelChoice, labelled_from_recorded
from models.training.labels import read_labels
from models.training.progress import Progress, silent
from models.training.recorded import read_rows
from models.training.replayed import DEFAULT_HOLD_OUT, JUDGING, ReplaySettings, dataset_of
from models.training.stored import kept, kept_path, write_dataset
from models.training.sweep import Sweep, sweep
from models.training.table import read_table
from models.training.train import TrainedModel, TrainSettings, train


@dataclass(frozen=True, slots=True)
class Training:
    """What every training shares, wherever its rows come from.

    Attributes:
        created: the instant that the card names.
        settings: of the split and the fit.
        version: the model's name; by default made from the time and the digest.
        lines: a policy's score lines, for the operational figures.
        engine: what grows the trees.
        search_minutes: how long to look for better settings first; ``None`` is not at all.
        progress: told of each stage.
    """

    created: datetime
    settings: TrainSettings = field(default_factory=TrainSettings)
    version: str | None = None
    lines: ScoreLines | None = None
    engine: Engine = fit
    search_minutes: float | None = None
    progress: Progress = silent

    def on(self, dataset: Dataset, others: Sequence[Dataset] = ()) -> TrainedModel:
        """Train.

        Raises:
            DatasetError: the data cannot be trained on.
        """
        settings = self.settings
        if self.search_minutes is not None:
            from models.training.search import search  # noqa: PLC0415 - optuna is wanted by nobody else

            settings = search(dataset, settings, minutes=self.search_minutes, progress=self.progress)
        return train(
            dataset,
            settings,
            created=self.created,
            version=self.version,
            others=others,
            lines=self.lines,
            engine=self.engine,
            progress=self.progress,
        )


def train_from_files(
    training: Training,
    *,
    signups: Path,
    reference: Reference,
    replay_settings: ReplaySettings | None = None,
    judged_on: Sequence[Path] = (),
    cache: Path | None = None,
    dataset_out: Path | None = None,
) -> TrainedModel:
    """Train on a file of sign-ups and the file of truth about them.

    Args:
        training: how.
        signups: JSON lines, as the simulator writes them and the API takes them, with the truth file beside it.
        reference: the reference data that the service uses.
        replay_settings: of the data set.
        judged_on: the sign-ups of other worlds for the card's figures; by default the last slice in time.
        cache: a directory where replayed data sets are kept.
        dataset_out: where to keep the data set as Parquet.

    Raises:
        DatasetError: the data cannot be trained on.
    """
    settings = replay_settings or ReplaySettings(probe_share=0.0 if judged_on else JUDGING.probe_share)
    plain = replace(JUDGING, hold_out=settings.hold_out)
    dataset = dataset_of_files(
        signups=signups, reference=reference, settings=settings, cache=cache, progress=training.progress
    )
    absent = sorted(
        set(settings.hold_out) - set(DEFAULT_HOLD_OUT) - set(dataset.slices["kind"]) - set(dataset.slices[VARIANT])
    )
    if absent:
        raise DatasetError(f"{', '.join(absent)} cannot be held out: {signups.name} has no sign-up of that kind")
    if dataset_out is not None:
        write_dataset(dataset, dataset_out)
    others = [
        dataset_of_files(signups=each, reference=reference, settings=plain, cache=cache, progress=training.progress)
        for each in judged_on
    ]
    return training.on(dataset, others)


def train_from_recorded(
    training: Training,
    *,
    vectors: Path,
    outcomes: Path,
    choice: LabelChoice,
    dataset_out: Path | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> TrainedModel:
    """Train on exported decisions (``gatehouse signups export``) and outcomes as they are known.

    Args:
        training: how.
        vectors: the export.
        outcomes: JSON lines; see ``models.training.labels.read_labels``.
        choice: which outcomes count, and how much.
        dataset_out: where to keep the data set as Parquet.
        told: what the guards found, line by line.

    Raises:
        DatasetError: the files cannot be read, do not belong together or cannot be trained on.
    """
    labelled = labelled_from_recorded(
        read_rows(vectors),
        read_labels(outcomes, known_by=choice.known_by),
        choice,
        description=f"the recorded decisions {vectors.name} with outcomes known by {choice.known_by:%Y-%m-%d}",
        settings=training.settings,
        engine=training.engine,
        progress=training.progress,
    )
    for line in labelled.lines():
        told(line)
    if dataset_out is not None:
        write_dataset(labelled.dataset, dataset_out)
    return training.on(labelled.dataset)


def train_from_table(
    training: Training,
    *,
    table: Path,
    label: str,
    time: str,
    entities: Sequence[str] = (),
    slices: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> TrainedModel:
    """Train on any feature table; see ``models.training.table.read_table`` for what it must hold.

    Raises:
        DatasetError: the table cannot be trained on.
    """
    dataset = read_table(table, label=label, time=time, entities=entities, slices=slices, ignore=ignore)
    return training.on(dataset)


def sweep_files(
    settings: TrainSettings,
    *,
    signups: Path,
    reference: Reference,
    only: Sequence[str] = (),
    judged_on: Path | None = None,
    cache: Path | None = None,
    engine: Engine = fit,
    progress: Progress = silent,
) -> Sweep:
    """Leave one family out, over one replay of a file; see ``models.training.sweep.sweep``.

    Raises:
        DatasetError: the files cannot be read or trained on.
    """
    dataset = dataset_of_files(signups=signups, reference=reference, cache=cache, progress=progress)
    other = None
    if judged_on is not None:
        other = dataset_of_files(
            signups=judged_on, reference=reference, settings=JUDGING, cache=cache, progress=progress
        )
    return sweep(dataset, settings, only=only, other=other, engine=engine, progress=progress)


def dataset_of_files(
    *,
    signups: Path,
    reference: Reference,
    settings: ReplaySettings | None = None,
    cache: Path | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Replay a file of sign-ups with the truth file beside it, or read the replay that is kept in ``cache``.

    Raises:
        DatasetError: the files cannot be read, do not belong together or cannot be trained on.
    """
    settings = settings or ReplaySettings()
    # The kinds to hold out are marks beside the rows: one kept replay serves whatever is held out.
    unmarked = replace(settings, hold_out=())
    dataset = kept(kept_path(cache, signups, unmarked), lambda: _replayed(signups, reference, unmarked, progress))
    return dataset.holding_out(settings.hold_out)


def _replayed(signups: Path, reference: Reference, settings: ReplaySettings, progress: Progress) -> Dataset:
    try:
        return dataset_of(
            read_world(signups),
            reference=reference,
            settings=settings,
            description=f"the simulated world {signups.name}",
            progress=progress,
        )
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"{error.filename or signups} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError) as error:
        raise DatasetError(f"{signups.name} or its truth file is damaged: {error}") from error
