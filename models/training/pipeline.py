"""The training pipeline's entry points: from files of sign-ups, or from a feature table, to a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from models.reference.reference import Reference
from models.simulation.files import read_world
from models.training.dataset import Dataset, DatasetError
from models.training.progress import Progress, silent
from models.training.replayed import ReplaySettings, dataset_of
from models.training.table import read_table, write_table
from models.training.train import TrainedModel, TrainSettings, train


def train_from_files(
    *,
    signups: Path,
    reference: Reference,
    created: datetime,
    settings: TrainSettings | None = None,
    replay_settings: ReplaySettings | None = None,
    judged_on: Path | None = None,
    dataset_out: Path | None = None,
    version: str | None = None,
    progress: Progress = silent,
) -> TrainedModel:
    """Train on a file of sign-ups and the file of truth about them.

    Args:
        signups: JSON lines, as the simulator writes them and the API takes them, with the truth file beside it.
        reference: the reference data that the service uses.
        created: the instant that the card names.
        settings: of the split and the fit.
        replay_settings: of the data set.
        judged_on: the sign-ups of another world for the card's figures; by default the last slice in time.
        dataset_out: where to keep the data set as Parquet.
        version: the model's name; by default made from the time and the digest.
        progress: told of each stage.

    Raises:
        DatasetError: the data cannot be trained on.
    """
    dataset = dataset_of_files(signups=signups, reference=reference, settings=replay_settings, progress=progress)
    if dataset_out is not None:
        write_table(dataset, dataset_out)
    other = None
    if judged_on is not None:
        plain = replace(replay_settings or ReplaySettings(), omission_rate=0.0)
        other = dataset_of_files(signups=judged_on, reference=reference, settings=plain, progress=progress)
    return train(dataset, settings or TrainSettings(), created=created, version=version, other=other, progress=progress)


def train_from_table(
    *,
    table: Path,
    label: str,
    time: str,
    created: datetime,
    entities: Sequence[str] = (),
    slices: Sequence[str] = (),
    ignore: Sequence[str] = (),
    settings: TrainSettings | None = None,
    version: str | None = None,
    progress: Progress = silent,
) -> TrainedModel:
    """Train on any feature table; see ``models.training.table.read_table`` for what it must hold.

    Raises:
        DatasetError: the table cannot be trained on.
    """
    dataset = read_table(table, label=label, time=time, entities=entities, slices=slices, ignore=ignore)
    return train(dataset, settings or TrainSettings(), created=created, version=version, progress=progress)


def dataset_of_files(
    *,
    signups: Path,
    reference: Reference,
    settings: ReplaySettings | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Replay a file of sign-ups with the truth file beside it.

    Raises:
        DatasetError: the files cannot be read, do not belong together or cannot be trained on.
    """
    try:
        return dataset_of(
            read_world(signups),
            reference=reference,
            settings=settings or ReplaySettings(),
            description=f"the simulated world {signups.name}",
            progress=progress,
        )
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"{error.filename or signups} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError) as error:
        raise DatasetError(f"{signups.name} or its truth file is damaged: {error}") from error
