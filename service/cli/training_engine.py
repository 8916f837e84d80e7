"""The options that say where a model is fitted: here, or on a cluster of Dask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from models.training.fit import Engine

_Function = TypeVar("_Function", bound=Callable[..., object])


def engine_options(function: _Function) -> _Function:
    """Which engine fits the trees, and where its scheduler listens."""
    engine = click.option("--engine", type=click.Choice(["here", "dask"]), default="here", show_default=True)
    scheduler = click.option(
        "--scheduler", help="With --engine dask: where the cluster's scheduler listens, as HOST:PORT."
    )
    return engine(scheduler(function))


def chosen_engine(engine: str, scheduler: str | None, *, folder: Path | None = None) -> Engine:
    """The engine that the options name; ``folder`` is the kept data set that is to be learnt from, if it is one.

    Raises:
        click.UsageError: the options do not go together.
    """
    from models.training.fit import fit  # noqa: PLC0415 - a second of imports

    if engine == "here":
        if scheduler is not None:
            raise click.UsageError("--scheduler goes with --engine dask")
        return fit
    if scheduler is None:
        raise click.UsageError("--scheduler is needed")
    from models.training.cluster import ClusterEngine  # noqa: PLC0415 - Dask is wanted here only

    # The workers read a folder of files themselves; anything else is sent to them.
    own = folder if folder is not None and folder.is_dir() else None
    return ClusterEngine(scheduler, own)
