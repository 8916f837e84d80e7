"""``gatehouse model evaluate``: a model judged on one source of data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from models import registry
from models.registry import LoadedModel
from service.cli.bad_data import refusing_bad_data
from service.cli.context import console, reference_of, settings_here
from service.cli.data_options import TableOptions, one_source, signups_options, table_options
from service.cli.learning_policy import policy_lines
from service.cli.option_types import FILE, NEW_FILE
from service.cli.progress import progress
from service.config import Settings


@click.command()
@signups_options
@table_options
@click.option(
    "--model", "version", help="The version to judge; the active one unless given, `baseline` for the shipped one."
)
@click.option("--report", type=NEW_FILE, help="Write report.html, one self-contained page.")
@click.option(
    "--rehearsal", type=FILE, help="With --signups and --report: what `rehearse --out` wrote, for the report."
)
@click.option("--seed", type=int, default=1, show_default=True)
def evaluate(
    *,
    signups: Path | None,
    cache: Path | None,
    dataset: Path | None,
    policy_file: Path | None,
    version: str | None,
    report: Path | None,
    rehearsal: Path | None,
    seed: int,
    **table: Any,
) -> None:
    """Judge a model on simulated sign-ups, a kept data set or a feature table."""
    from models.evaluation.pipeline import evaluate as evaluate_files  # noqa: PLC0415 - a second of imports
    from models.evaluation.pipeline import evaluate_dataset, evaluate_table  # noqa: PLC0415
    from models.evaluation.rehearsed import read_rehearsal  # noqa: PLC0415

    settings = settings_here()
    if rehearsal is not None and (signups is None or report is None):
        raise click.UsageError("--rehearsal goes with --signups and --report")
    load, options = _loader(settings, version), TableOptions(**table)
    one_source(signups, dataset, options.table)
    with refusing_bad_data(), progress(console()) as shown:
        lines = policy_lines(policy_file)
        if signups is not None:
            evaluation = evaluate_files(
                load=load,
                signups=signups,
                reference=reference_of(settings),
                report=report,
                seed=seed,
                lines=lines,
                cache=cache,
                attacks=None if rehearsal is None else read_rehearsal(rehearsal),
                progress=shown,
            )
        elif dataset is not None:
            evaluation = evaluate_dataset(
                load=load, dataset=dataset, report=report, seed=seed, lines=lines, progress=shown
            )
        else:
            evaluation = evaluate_table(
                load=load, report=report, seed=seed, lines=lines, progress=shown, **options.named()
            )
    for line in evaluation.lines():
        click.echo(line)
    if report is not None:
        click.echo(f"the report is {report}")


def _loader(settings: Settings, version: str | None) -> Callable[[Sequence[str]], LoadedModel]:
    if version is None:
        return lambda names: registry.load_active(settings.model_dir, catalogue=names)
    if version == registry.BASELINE:
        return lambda names: registry.baseline(catalogue=names)
    return lambda names: registry.load(settings.model_dir, version, catalogue=names)
