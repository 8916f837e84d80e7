"""``gatehouse model train``: a model learnt from one source of data, saved and not yet active."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.features.feature import Group
from service.cli.bad_data import refusing_bad_data
from service.cli.context import console, reference_of, settings_here
from service.cli.data_options import TableOptions, needed, one_source, signups_options, table_options
from service.cli.learning_policy import policy_lines, source_rules
from service.cli.option_types import DAY, DIRECTORY, FILE, FILE_OR_DIRECTORY, NEW_FILE, RIPENING
from service.cli.policy import policy_of_file
from service.cli.progress import progress
from service.cli.training_engine import chosen_engine, engine_options
from service.config import Settings

if TYPE_CHECKING:
    from models.training.pipeline import Training
    from models.training.train import TrainedModel


@click.command()
@signups_options
@click.option(
    "--judged-on",
    type=FILE_OR_DIRECTORY,
    multiple=True,
    help="Another world for the card's figures, sign-ups or a kept data set; may be repeated.",
)
@click.option("--hold-out", multiple=True, help="A family or kind not to learn from; may be repeated.")
@click.option("--hold-out-nothing", is_flag=True, help="Learn from every family and kind.")
@click.option("--vectors", type=FILE, help="Recorded decisions, from `signups export`, in place of --signups.")
@click.option("--outcomes", type=FILE, help="With --vectors: JSON lines of signup_id, label and known_at.")
@click.option("--from-decisions", is_flag=True, help="Learn from the decisions and outcomes in the database.")
@click.option("--until", type=DAY, help="With decisions: what was decided and became known before that day.")
@click.option(
    "--ripen-days", type=RIPENING, default=45.0, show_default=True, help="With decisions: how old they must be."
)
@click.option("--release", "released", multiple=True, help="With decisions: a flood of labels that a person looked at.")
@click.option("--keep-harmful", is_flag=True, help="With decisions: keep sources that spoil what others say.")
@click.option("--only-said", is_flag=True, help="With decisions: silence proves nothing; only outcomes count.")
@table_options
@engine_options
@click.option(
    "--without",
    multiple=True,
    type=click.Choice([group.value for group in Group]),
    help="Leave a group of features out, to see what it brings.",
)
@click.option("--search-minutes", type=click.FloatRange(min=0, min_open=True), help="Look for better settings first.")
@click.option(
    "--fraud-found",
    type=click.FloatRange(0.5, 1),
    default=1.0,
    show_default=True,
    help="The share of fraud that is ever reported, as your audits show; the rest hides among the legitimate.",
)
@click.option("--version", help="The model's name; made from the time and the digest unless given.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--dataset-out",
    type=click.Path(path_type=Path),
    help="Keep the data set, as Parquet: a file ending in .parquet, or else a new folder of files.",
)
@click.option("--report", type=NEW_FILE, help="Write report.html, one self-contained page.")
@click.option("--out", type=DIRECTORY, help="Where to save it; the registry unless given.")
def train(
    *,
    version: str | None,
    seed: int,
    fraud_found: float,
    engine: str,
    scheduler: str | None,
    without: tuple[str, ...],
    search_minutes: float | None,
    policy_file: Path | None,
    report: Path | None,
    out: Path | None,
    **data: Any,
) -> None:
    """Train a model on sign-ups, recorded decisions, a kept data set or a feature table; save it, not yet active."""
    from models.evaluation.report import write_report  # noqa: PLC0415 - a second of imports
    from models.training.pipeline import Training  # noqa: PLC0415
    from models.training.train import TrainSettings  # noqa: PLC0415

    settings = settings_here()
    with refusing_bad_data(), progress(console()) as shown:
        training = Training(
            created=datetime.now(UTC),
            settings=TrainSettings(seed=seed, fraud_found=fraud_found),
            version=version,
            lines=policy_lines(policy_file),
            engine=chosen_engine(engine, scheduler, folder=data["dataset"]),
            search_minutes=search_minutes,
            without=without,
            progress=shown,
        )
        trained = _trained(training, settings, policy_file=policy_file, **data)
        place = trained.save(out or settings.model_dir)
        if report is not None and trained.evaluation is not None:
            write_report(report, trained.evaluation, trained.card)
    for line in trained.lines():
        click.echo(line)
    click.echo(f"saved in {place}")
    if report is not None:
        click.echo(f"the report is {report}" if trained.evaluation else "no report: there was nothing to judge on")
    if out is None:
        click.echo(f"`gatehouse model promote {trained.card.version} --on DATA` makes it score if its gates hold")


def _trained(
    training: Training,
    settings: Settings,
    *,
    policy_file: Path | None,
    signups: Path | None,
    cache: Path | None,
    judged_on: tuple[Path, ...],
    hold_out: tuple[str, ...],
    hold_out_nothing: bool,
    vectors: Path | None,
    outcomes: Path | None,
    until: datetime | None,
    released: tuple[str, ...],
    keep_harmful: bool,
    only_said: bool,
    from_decisions: bool,
    ripen_days: float,
    dataset: Path | None,
    dataset_out: Path | None,
    **table: Any,
) -> TrainedModel:
    from models.training.labelled import LabelChoice  # noqa: PLC0415
    from models.training.pipeline import (  # noqa: PLC0415
        train_from_dataset,
        train_from_files,
        train_from_recorded,
        train_from_table,
    )
    from models.training.replayed import DEFAULT_HOLD_OUT, JUDGING, ReplaySettings  # noqa: PLC0415

    options = TableOptions(**table)
    one_source(signups, vectors, dataset, options.table, Path("decisions") if from_decisions else None)
    if dataset_out is not None and signups is None and vectors is None and not from_decisions:
        raise click.UsageError("--dataset-out goes with sign-ups or decisions: the rest is a table already")
    if dataset is not None:
        return train_from_dataset(
            training,
            dataset=dataset,
            reference=reference_of(settings),
            hold_out=() if hold_out_nothing else hold_out or None,
            judged_on=judged_on,
            cache=cache,
        )
    if vectors is not None:
        return train_from_recorded(
            training,
            vectors=vectors,
            outcomes=needed("--outcomes", outcomes),
            choice=LabelChoice(
                known_by=until.replace(tzinfo=UTC) if until else training.created,
                rules=source_rules(policy_of_file(policy_file)),
                released=released,
                survivors_count=not only_said,
                ripening=timedelta(days=ripen_days),
                leave_out_harmful=not keep_harmful,
            ),
            dataset_out=dataset_out,
            told=lambda line: click.echo(line, err=True),
        )
    if from_decisions:
        from service.cli.decisions import train_from_decisions  # noqa: PLC0415 - loads the whole service

        return train_from_decisions(
            training,
            settings,
            policy_file=policy_file,
            known_by=until.replace(tzinfo=UTC) if until else training.created,
            choose=lambda choice: replace(
                choice,
                released=released,
                survivors_count=not only_said,
                ripening=timedelta(days=ripen_days),
                leave_out_harmful=not keep_harmful,
            ),
            dataset_out=dataset_out,
        )
    if signups is None:
        return train_from_table(training, **options.named())
    held_out = () if hold_out_nothing else hold_out or DEFAULT_HOLD_OUT
    probed = 0.0 if judged_on else JUDGING.probe_share
    return train_from_files(
        training,
        signups=signups,
        reference=reference_of(settings),
        replay_settings=ReplaySettings(hold_out=held_out, probe_share=probed),
        judged_on=judged_on,
        cache=cache,
        dataset_out=dataset_out,
    )
