"""``gatehouse db``: upgrade and check the database."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from service.cli.context import settings_here, store_of
from service.storage.sql.migrate import check as check_tables
from service.storage.sql.migrate import upgrade as upgrade_tables
from service.storage.sql.store import SqlStore
from service.usecases.install_policy import InstallPolicy


@click.group()
def db() -> None:
    """Upgrade and check the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this release's shape; several starters at once are safe."""
    click.echo(bring_up(store_of(settings_here())))


@db.command()
def check() -> None:
    """Say whether migrations are pending or the tables differ from what this release expects."""
    problems = check_tables(store_of(settings_here()).engine)
    if problems:
        raise click.ClickException("; ".join(problems))
    click.echo("the database is as this release expects")


def bring_up(store: SqlStore) -> str:
    """Migrate, and install the shipped policy where there is none; what was done, in one line."""
    upgrade_tables(store.engine)
    installed = InstallPolicy(store.begin)(now=datetime.now(UTC))
    return "the database is up to date" + ("; the shipped policy is version 1" if installed else "")
