"""``gatehouse model``: train, evaluate and manage risk models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from models import registry
from models.card import Card
from models.features.catalogue import FEATURES
from models.registry import LoadedModel
from models.training.dataset import DatasetError
from service.cli.context import console, reference_of, settings_here
from service.cli.progress import progress
from service.config import Settings

CATALOGUE = [feature.name for feature in FEATURES]
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
BASELINE = "baseline"

_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., object])


@click.group()
def model() -> None:
    """Train, evaluate and manage risk models."""


def _data_options(function: _Function) -> _Function:
    """The two kinds of data a command takes: a simulated file with its truth, or any feature table."""
    for option in reversed(
        (
            click.option("--signups", type=FILE, help="Sign-ups as `simulate` writes them; the truth lies beside it."),
            click.option("--table", type=FILE, help="Any feature table, as Parquet, in place of --signups."),
            click.option("--label", help="With --table: the column that is 1 for fraud, 0 for legitimate."),
            click.option("--time", help="With --table: the column with the time of each row."),
            click.option(
                "--entity", "entities", multiple=True, help="With --table: rows that share a value stay together."
            ),
            click.option("--slice", "slices", multiple=True, help="With --table: a column to report by."),
            click.option("--ignore", multiple=True, help="With --table: a column that is no feature."),
        )
    ):
        function = option(function)
    return function


@model.command()
@_data_options
@click.option("--judged-on", type=FILE, help="Another simulated file for the card's figures.")
@click.option("--version", help="The model's name; made from the time and the digest unless given.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--dataset-out", type=click.Path(dir_okay=False, path_type=Path), help="Keep the data set, as Parquet.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to save it; the registry unless given."
)
def train(
    *,
    signups: Path | None,
    table: Path | None,
    label: str | None,
    time: str | None,
    entities: tuple[str, ...],
    slices: tuple[str, ...],
    ignore: tuple[str, ...],
    judged_on: Path | None,
    version: str | None,
    seed: int,
    dataset_out: Path | None,
    out: Path | None,
) -> None:
    """Train a model on simulated sign-ups or on a feature table, and save it in the registry, not yet active."""
    from models.training.pipeline import train_from_files, train_from_table  # noqa: PLC0415 - a second of imports
    from models.training.train import TrainSettings  # noqa: PLC0415

    settings = settings_here()
    chosen = TrainSettings(seed=seed)
    created = datetime.now(UTC)
    with _refusing_bad_data(), progress(console()) as report:
        if signups is not None:
            _only_one(signups, table)
            trained = train_from_files(
                signups=signups,
                judged_on=judged_on,
                reference=reference_of(settings),
                created=created,
                settings=chosen,
                dataset_out=dataset_out,
                version=version,
                progress=report,
            )
        else:
            trained = train_from_table(
                table=_given("--signups or --table", table),
                label=_given("--label", label),
                time=_given("--time", time),
                entities=entities,
                slices=slices,
                ignore=ignore,
                created=created,
                settings=chosen,
                version=version,
                progress=report,
            )
        place = trained.save(out or settings.model_dir)
    for line in trained.lines():
        click.echo(line)
    click.echo(f"saved in {place}")
    if out is None:
        click.echo(f"`gatehouse model promote {trained.card.version}` makes it score")


@model.command()
@_data_options
@click.option(
    "--model", "version", help="The version to judge; the active one unless given, `baseline` for the shipped one."
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write report.html, one self-contained page."
)
@click.option("--seed", type=int, default=1, show_default=True)
def evaluate(
    *,
    signups: Path | None,
    table: Path | None,
    label: str | None,
    time: str | None,
    entities: tuple[str, ...],
    slices: tuple[str, ...],
    ignore: tuple[str, ...],
    version: str | None,
    report: Path | None,
    seed: int,
) -> None:
    """Judge a model on simulated sign-ups or on a feature table."""
    from models.evaluation.pipeline import evaluate as evaluate_files  # noqa: PLC0415 - a second of imports
    from models.evaluation.pipeline import evaluate_table  # noqa: PLC0415

    settings = settings_here()
    load = _loader(settings, version)
    with _refusing_bad_data(), progress(console()) as shown:
        if signups is not None:
            _only_one(signups, table)
            evaluation = evaluate_files(
                load=load,
                signups=signups,
                reference=reference_of(settings),
                report=report,
                seed=seed,
                progress=shown,
            )
        else:
            evaluation = evaluate_table(
                load=load,
                table=_given("--signups or --table", table),
                label=_given("--label", label),
                time=_given("--time", time),
                entities=entities,
                slices=slices,
                ignore=ignore,
                report=report,
                seed=seed,
                progress=shown,
            )
    for line in evaluation.lines():
        click.echo(line)
    if report is not None:
        click.echo(f"the report is {report}")


@model.command("list")
def list_models() -> None:
    """List the registry's models; the active one is marked."""
    settings = settings_here()
    active = registry.active(settings.model_dir).version
    marked = [("*" if active is None else " ", registry.baseline_card())]
    marked += [("*" if card.version == active else " ", card) for card in registry.list_cards(settings.model_dir)]
    for mark, card in marked:
        click.echo(f"{mark} {card.version}  {card.created:%Y-%m-%d %H:%M}Z  {card.model_sha256[:12]}  {card.summary}")


@model.command()
@click.argument("version")
def show(version: str) -> None:
    """Print a model's card in words; `baseline` is the shipped one."""
    for line in _card(settings_here(), version).lines():
        click.echo(line)


@model.command()
@click.argument("version")
def promote(version: str) -> None:
    """Make a version score; running workers notice within seconds."""
    card = registry.promote(settings_here().model_dir, version, catalogue=CATALOGUE)
    click.echo(f"{card.version} scores now")


@model.command()
def rollback() -> None:
    """Go back to the model that scored before."""
    card = registry.rollback(settings_here().model_dir, catalogue=CATALOGUE)
    click.echo(f"{card.version} scores again")


def _card(settings: Settings, version: str) -> Card:
    return registry.baseline_card() if version == BASELINE else registry.card_of(settings.model_dir, version)


def _loader(settings: Settings, version: str | None) -> Callable[[Sequence[str]], LoadedModel]:
    if version is None:
        return lambda names: registry.load_active(settings.model_dir, catalogue=names)
    if version == BASELINE:
        return lambda names: registry.baseline(catalogue=names)
    return lambda names: registry.load(settings.model_dir, version, catalogue=names)


def _only_one(signups: Path, table: Path | None) -> None:
    if table is not None:
        raise click.UsageError(f"give --signups or --table, not both ({signups.name} and {table.name})")


def _given(name: str, value: _T | None) -> _T:
    if value is None:
        raise click.UsageError(f"{name} is needed")
    return value


@contextmanager
def _refusing_bad_data() -> Iterator[None]:
    try:
        yield
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
