"""What the database knows, taken out for training: logged vectors, and labels as they stood at a cut-off."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.context import store_of
from service.cli.learning_policy import source_rules
from service.cli.policy import policy_of_file
from service.cli.progress import Report
from service.cli.signups import export_vectors
from service.config import Settings
from service.domain.policy import Policy
from service.storage.sql.store import SqlStore
from service.usecases.in_force import PolicyInForce
from service.usecases.known_labels import KnownLabels

if TYPE_CHECKING:
    from models.training.labelled import LabelChoice
    from models.training.pipeline import Training
    from models.training.train import TrainedModel

SURVIVOR_WEIGHT = 0.5
"""An account that nobody complained of stands for contrast, not for goodness: one in eight to four frauds is never
reported, and weighs half of what somebody vouches for."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Where vectors and labels lie, and what was left out of them."""

    vectors: Path
    labels: Path
    lines: tuple[str, ...]


def policy_here(store: SqlStore, policy_file: Path | None) -> Policy:
    """The policy of a file, or the one in force."""
    return policy_of_file(policy_file) if policy_file is not None else PolicyInForce(store.begin, lambda: 0.0)()


def exported(
    settings: Settings, store: SqlStore, policy: Policy, directory: Path, *, known_by: datetime, report: Report
) -> Exported:
    """Write what was decided, and what was known of it, by an instant; whatever comes later changes no byte of it."""
    from models.training.labels import write_labels  # noqa: PLC0415 - needs the extra "train"
    from models.training.recorded import ids_of  # noqa: PLC0415

    vectors, labels = directory / "vectors.parquet", directory / "outcomes.jsonl"
    written, skipped = export_vectors(settings, store, vectors, report, decided_by=known_by)
    decided, unused = ids_of(vectors), 0
    rows = []
    for row in KnownLabels(store.begin, lambda: policy)(by=known_by):
        if row.signup_id in decided:
            rows.append(row)
        else:
            unused += 1
    write_labels(rows, labels)
    lines = [f"{written:,} decisions exported", *(f"{n:,} left out: {why}" for why, n in sorted(skipped.items()))]
    lines.append(f"{len(rows):,} labels of them known by {known_by:%Y-%m-%d %H:%M}Z")
    if unused:
        lines.append(f"{unused:,} labels left out: of sign-ups without an exported decision")
    return Exported(vectors, labels, tuple(lines))


def choice_of(policy: Policy, known_by: datetime) -> LabelChoice:
    """How recorded outcomes become labels unless somebody wants it otherwise."""
    from models.training.labelled import LabelChoice  # noqa: PLC0415 - a second of imports

    return LabelChoice(known_by, rules=source_rules(policy), survivor_weight=SURVIVOR_WEIGHT)


def train_from_decisions(
    training: Training,
    settings: Settings,
    *,
    policy_file: Path | None,
    known_by: datetime,
    choose: Callable[[LabelChoice], LabelChoice],
    dataset_out: Path | None,
) -> TrainedModel:
    """Train on what the database knew at an instant; ``choose`` changes which outcomes count.

    Raises:
        DatasetError: it cannot be trained on.
    """
    from models.training.pipeline import train_from_recorded  # noqa: PLC0415 - a second of imports

    def told(line: str) -> None:
        click.echo(line, err=True)

    store = store_of(settings)
    try:
        with tempfile.TemporaryDirectory(prefix="gatehouse-") as directory:
            policy = policy_here(store, policy_file)
            found = exported(settings, store, policy, Path(directory), known_by=known_by, report=training.progress)
            for line in found.lines:
                told(line)
            return train_from_recorded(
                training,
                vectors=found.vectors,
                outcomes=found.labels,
                choice=choose(choice_of(policy, known_by)),
                description=f"the decisions recorded until {known_by:%Y-%m-%d}",
                dataset_out=dataset_out,
                told=told,
            )
    finally:
        store.dispose()
