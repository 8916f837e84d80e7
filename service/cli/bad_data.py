"""Data that cannot be learnt from or judged on ends a command in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from models.training.dataset import DatasetError


@contextmanager
def refusing_bad_data() -> Iterator[None]:
    """Data that cannot be used end the command in one line."""
    try:
        yield
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
