"""``gatehouse model sweep``: how well each attack family is found by a model that never saw it."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.bad_data import refusing_bad_data
from service.cli.context import console, reference_of, settings_here
from service.cli.option_types import DIRECTORY, FILE
from service.cli.progress import progress
from service.cli.training_engine import chosen_engine, engine_options


@click.command()
@click.option("--signups", type=FILE, required=True, help="Sign-ups as `simulate` writes them.")
@click.option("--family", "only", multiple=True, help="Only this family; may be repeated. All of them unless given.")
@click.option("--judged-on", type=FILE, help="Another world to judge on; the last slice of the same unless given.")
@click.option("--cache", type=DIRECTORY, help="Keep replayed data sets there; the next command reads them.")
@engine_options
@click.option("--seed", type=int, default=1, show_default=True)
def sweep(
    *,
    signups: Path,
    only: tuple[str, ...],
    judged_on: Path | None,
    cache: Path | None,
    engine: str,
    scheduler: str | None,
    seed: int,
) -> None:
    """Leave each attack family out of training in turn, and say how well it is found by a model that never saw it."""
    from models.training.pipeline import sweep_files  # noqa: PLC0415 - a second of imports
    from models.training.train import TrainSettings  # noqa: PLC0415

    with refusing_bad_data(), progress(console()) as shown:
        found = sweep_files(
            TrainSettings(seed=seed),
            signups=signups,
            only=only,
            judged_on=judged_on,
            reference=reference_of(settings_here()),
            cache=cache,
            engine=chosen_engine(engine, scheduler),
            progress=shown,
        )
    for line in found.lines():
        click.echo(line)
