"""The data that commands judge models on: a kept data set, exported decisions or a simulated world."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.card import DataSource
from service.cli.context import reference_of
from service.config import Settings

if TYPE_CHECKING:
    from models.training.dataset import Dataset
    from models.training.progress import Progress


def judging_dataset(
    settings: Settings, on: Path, *, outcomes: Path | None, until: datetime | None, progress: Progress
) -> Dataset:
    """Read what ``--on`` names: by its name's end Parquet (a data set, or with ``--outcomes`` decisions), else a world.

    Raises:
        DatasetError: it cannot be read.
        click.UsageError: the options do not go together.
    """
    from models.training.pipeline import dataset_of_files  # noqa: PLC0415 - a second of imports
    from models.training.recorded import read_outcomes, read_rows, recorded_dataset  # noqa: PLC0415
    from models.training.replayed import JUDGING  # noqa: PLC0415
    from models.training.stored import read_dataset  # noqa: PLC0415

    if outcomes is not None:
        known_by = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
        return recorded_dataset(
            read_rows(on),
            read_outcomes(outcomes, known_by=known_by),
            description=f"the recorded decisions {on.name} with outcomes known by {known_by:%Y-%m-%d}",
            known_by=known_by,
            progress=progress,
        )
    if until is not None:
        raise click.UsageError("--until goes with --outcomes")
    if on.suffix == ".parquet":
        return read_dataset(on)
    return dataset_of_files(
        signups=on,
        reference=reference_of(settings),
        settings=replace(JUDGING, omission_rate=0.0, probe_share=0.0),
        progress=progress,
    )


def kind_of(dataset: Dataset) -> str:
    """In words, for the record: names of files stay out of it."""
    kinds = {
        DataSource.SIMULATED: "simulated sign-ups",
        DataSource.RECORDED: "recorded decisions",
        DataSource.TABLE: "a feature table",
    }
    return kinds[dataset.source]
