"""The training pipeline's entry points: from sign-ups, decisions, a kept data set or any table to a trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from models.evaluation.lines import ScoreLines
from models.features.catalogue import FEATURES
from models.reference.reference import Reference
from models.simulation.files import read_world
from models.training.beside import Beside
from models.training.dataset import VARIANT, Dataset, DatasetError
from models.training.fit import Engine, fit
from models.training.labelled import LabelChoice, labelled_from_recorded
from models.training.labels import read_labels
from models.training.progress import Progress, silent
from models.training.recorded import read_rows
from models.training.replayed import DEFAULT_HOLD_OUT, JUDGING, ReplaySettings, dataset_of
from models.training.stored import check_free, is_dataset, kept, kept_path, read_dataset, write_dataset
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
        without: groups of features that the model must not read, to see what they bring.
        beside: another data set that the trees also learn from.
        progress: told of each stage.
    """

    created: datetime
    settings: TrainSettings = field(default_factory=TrainSettings)
    version: str | None = None
    lines: ScoreLines | None = None
    engine: Engine = fit
    search_minutes: float | None = None
    without: tuple[str, ...] = ()
    beside: Beside | None = None
    progress: Progress = silent

    def on(self, dataset: Dataset, others: Sequence[Dataset] = ()) -> TrainedModel:
        """Train.

        Raises:
            DatasetError: the data cannot be trained on.
        """
        left_out = [each.name for each in FEATURES if each.group.value in self.without]
        if left_out:
            dataset = dataset.without_features(left_out)
            others = [each.without_features(left_out) for each in others]
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
            engine=self.engine if self.beside is None else self.beside,
            noted={} if self.beside is None else self.beside.as_dict(),
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
        judged_on: other worlds for the card's figures, as sign-ups or kept data sets; by default the last slice in
            time.
        cache: a directory where replayed data sets are kept.
        dataset_out: where to keep the data set as Parquet.

    Raises:
        DatasetError: the data cannot be trained on.
    """
    _check_free(dataset_out)
    settings = replay_settings or ReplaySettings(probe_share=0.0 if judged_on else JUDGING.probe_share)
    dataset = dataset_of_files(
        signups=signups, reference=reference, settings=settings, cache=cache, progress=training.progress
    )
    _refuse_absent(dataset, settings.hold_out, signups)
    if dataset_out is not None:
        write_dataset(dataset, dataset_out)
    return training.on(dataset, _others(judged_on, settings.hold_out, reference, cache, training.progress))


def train_from_dataset(
    training: Training,
    *,
    dataset: Path,
    reference: Reference,
    hold_out: tuple[str, ...] | None = None,
    judged_on: Sequence[Path] = (),
    cache: Path | None = None,
) -> TrainedModel:
    """Train on a data set that was kept as Parquet: the same model, to the byte, as when it was made.

    Args:
        training: how.
        dataset: a file, or a folder of them (``models.training.stored.read_dataset``).
        reference: the reference data that the service uses, to replay sign-ups in ``judged_on``.
        hold_out: kinds and families not to learn from; by default those that the data set was kept with.
        judged_on: as in ``train_from_files``.
        cache: a directory where replayed data sets are kept.

    Raises:
        DatasetError: the data cannot be trained on.
    """
    training.progress("reading the data set", 0, None)
    rows = read_dataset(dataset)
    if hold_out is not None:
        _refuse_absent(rows, hold_out, dataset)
        rows = rows.holding_out(hold_out)
    return training.on(rows, _others(judged_on, rows.hold_out, reference, cache, training.progress))


def _refuse_absent(dataset: Dataset, hold_out: Sequence[str], source: Path) -> None:
    """A misspelt name must not pass for a family held out; a small world may lack some of the default."""
    known = {*DEFAULT_HOLD_OUT, *(kind for name in ("kind", VARIANT) for kind in dataset.slices.get(name, ()))}
    absent = sorted(set(hold_out) - known)
    if absent:
        raise DatasetError(f"{', '.join(absent)} cannot be held out: {source.name} has no sign-up of that kind")


def _others(
    paths: Sequence[Path], hold_out: tuple[str, ...], reference: Reference, cache: Path | None, progress: Progress
) -> list[Dataset]:
    """The worlds to judge on, replayed or read; what is held out of training is marked in each."""
    plain = replace(JUDGING, hold_out=hold_out)
    return [
        read_dataset(each).holding_out(hold_out)
        if is_dataset(each)
        else dataset_of_files(signups=each, reference=reference, settings=plain, cache=cache, progress=progress)
        for each in paths
    ]


def _check_free(dataset_out: Path | None) -> None:
    """Before a replay that takes minutes, not after it."""
    if dataset_out is not None:
        check_free(dataset_out)


def train_from_recorded(
    training: Training,
    *,
    vectors: Path,
    outcomes: Path,
    choice: LabelChoice,
    description: str | None = None,
    dataset_out: Path | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> TrainedModel:
    """Train on exported decisions (``gatehouse signups export``) and outcomes as they are known.

    Args:
        training: how.
        vectors: the export.
        outcomes: JSON lines; see ``models.training.labels.read_labels``.
        choice: which outcomes count, and how much.
        description: of the data, for the card; by default made from the file's name.
        dataset_out: where to keep the data set as Parquet.
        told: what the guards found, line by line.

    Raises:
        DatasetError: the files cannot be read, do not belong together or cannot be trained on.
    """
    _check_free(dataset_out)
    labelled = labelled_from_recorded(
        read_rows(vectors),
        read_labels(outcomes, known_by=choice.known_by),
        choice,
        description=description
        or f"the recorded decisions {vectors.name} with outcomes known by {choice.known_by:%Y-%m-%d}",
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
    path = kept_path(cache, signups, unmarked, reference)
    dataset = kept(path, lambda: _replayed(signups, reference, unmarked, progress))
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
