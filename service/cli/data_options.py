"""The options that name the data to learn from or to judge on, one source a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from service.cli.option_types import DIRECTORY, FILE, FILE_OR_DIRECTORY

_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which columns of a feature table are what."""

    table: Path | None
    label: str | None
    time: str | None
    entities: tuple[str, ...]
    slices: tuple[str, ...]
    ignore: tuple[str, ...]

    def named(self) -> dict[str, Any]:
        """As the pipelines take them.

        Raises:
            click.UsageError: one is missing.
        """
        return {
            "table": needed("--signups, --from-decisions, --vectors, --dataset or --table", self.table),
            "label": needed("--label", self.label),
            "time": needed("--time", self.time),
            "entities": self.entities,
            "slices": self.slices,
            "ignore": self.ignore,
        }


def signups_options(function: _Function) -> _Function:
    """Simulated sign-ups, or a data set that was kept of some; and the policy whose lines judge them."""
    options = (
        click.option("--signups", type=FILE, help="Sign-ups as `simulate` writes them; the truth lies beside it."),
        click.option("--cache", type=DIRECTORY, help="Keep replayed data sets there; the next command reads them."),
        click.option(
            "--dataset", type=FILE_OR_DIRECTORY, help="A kept data set (--dataset-out), file or folder, instead."
        ),
        click.option("--policy", "policy_file", type=FILE, help="Whose score lines decide; the shipped policy's."),
    )
    return _with(options, function)


def table_options(function: _Function) -> _Function:
    """Any feature table, and what its columns are."""
    options = (
        click.option("--table", type=FILE, help="Any feature table, as Parquet, in place of --signups."),
        click.option("--label", help="With --table: the column that is 1 for fraud, 0 for legitimate."),
        click.option("--time", help="With --table: the column with the time of each row."),
        click.option(
            "--entity", "entities", multiple=True, help="With --table: rows that share a value stay together."
        ),
        click.option("--slice", "slices", multiple=True, help="With --table: a column to report by."),
        click.option("--ignore", multiple=True, help="With --table: a column that is no feature."),
    )
    return _with(options, function)


def one_source(*sources: Path | None) -> None:
    """Refuse more than one source of data.

    Raises:
        click.UsageError: several are given.
    """
    given = [source.name for source in sources if source is not None]
    if len(given) > 1:
        raise click.UsageError(f"give one source of data, not {len(given)} ({', '.join(given)})")


def needed(name: str, value: _T | None) -> _T:
    """The value of an option that this source of data cannot do without.

    Raises:
        click.UsageError: it is not given.
    """
    if value is None:
        raise click.UsageError(f"{name} is needed")
    return value


def _with(options: Sequence[Callable[[Any], Any]], function: _Function) -> _Function:
    for option in reversed(options):
        function = option(function)
    return function
