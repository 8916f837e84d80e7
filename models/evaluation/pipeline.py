"""The evaluation pipeline's entry points: a model of the registry on another world, or on a feature table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import numpy as np

from models.evaluation.evaluation import Evaluation, judge
from models.evaluation.lines import ScoreLines
from models.evaluation.rehearsed import Arms
from models.evaluation.report import write_report
from models.reference.reference import Reference
from models.registry import LoadedModel
from models.training.dataset import Dataset
from models.training.pipeline import dataset_of_files
from models.training.progress import Progress, silent
from models.training.replayed import JUDGING, ReplaySettings
from models.training.stored import read_dataset
from models.training.table import read_table

LoadModel = Callable[[Sequence[str]], LoadedModel]
"""Loads the model for vectors with these features in this order, such as
``lambda names: registry.load(directory, version, catalogue=names)``."""


def evaluate(
    *,
    load: LoadModel,
    signups: Path,
    reference: Reference,
    report: Path | None = None,
    replay_settings: ReplaySettings | None = None,
    seed: int = 1,
    lines: ScoreLines | None = None,
    cache: Path | None = None,
    attacks: Mapping[str, Arms] | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Judge a model on a file of sign-ups and the truth about them.

    Args:
        load: loads the model.
        signups: JSON lines, as the simulator writes them and the API takes them; preferably of another
            seed; with the truth file beside it.
        reference: the reference data that the service uses.
        report: where to write ``report.html``.
        replay_settings: of the data set; nothing is left out at random here whatever they say.
        seed: of the bootstrap.
        lines: a policy's score lines, for the operational figures.
        cache: a directory where replayed data sets are kept.
        attacks: what was seen in rehearsed attacks, for the report.
        progress: told of each stage.

    Raises:
        DatasetError: the files cannot be used.
        RegistryError, CardInvalidError: the model cannot be loaded.
    """
    plain = replace(replay_settings or JUDGING, omission_rate=0.0, probe_share=JUDGING.probe_share)
    dataset = dataset_of_files(signups=signups, reference=reference, settings=plain, cache=cache, progress=progress)
    return judge_dataset(load, dataset, report=report, seed=seed, lines=lines, attacks=attacks, progress=progress)


def evaluate_table(
    *,
    load: LoadModel,
    table: Path,
    label: str,
    time: str,
    entities: Sequence[str] = (),
    slices: Sequence[str] = (),
    ignore: Sequence[str] = (),
    report: Path | None = None,
    seed: int = 1,
    lines: ScoreLines | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Judge a model on a feature table. Raises as ``evaluate`` does."""
    dataset = read_table(table, label=label, time=time, entities=entities, slices=slices, ignore=ignore)
    return judge_dataset(load, dataset, report=report, seed=seed, lines=lines, progress=progress)


def evaluate_dataset(
    *,
    load: LoadModel,
    dataset: Path,
    report: Path | None = None,
    seed: int = 1,
    lines: ScoreLines | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Judge a model on a data set that was kept as Parquet, one file or a folder. Raises as ``evaluate`` does."""
    return judge_dataset(load, read_dataset(dataset), report=report, seed=seed, lines=lines, progress=progress)


def judge_dataset(
    load: LoadModel,
    dataset: Dataset,
    *,
    report: Path | None = None,
    seed: int = 1,
    lines: ScoreLines | None = None,
    attacks: Mapping[str, Arms] | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Judge a model on rows; what its card says was held out of training is marked as such."""
    loaded = load(dataset.names)
    if dataset.held_out is not None:
        dataset = dataset.holding_out(loaded.card.data.held_out)
    evaluation = judge(
        version=loaded.card.version,
        scorer=loaded.scorer,
        dataset=dataset,
        seed=seed,
        lines=lines,
        learnt_until=np.datetime64(loaded.card.data.last.astimezone(UTC).replace(tzinfo=None), "us"),
        progress=progress,
    )
    if report is not None:
        write_report(report, evaluation, loaded.card, attacks)
    return evaluation
