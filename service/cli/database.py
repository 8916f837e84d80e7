"""``gatehouse db``: upgrade and check the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.cli.context import settings_here, store_of
from service.cli.refusals import database_trouble
from service.config import Settings
from service.domain.errors import UnavailableError
from service.storage.sql.engine import open_engine
from service.storage.sql.revision import newest_revision, revision_of
from service.storage.sql.store import SqlStore
from service.usecases.install_policy import InstallPolicy


@click.group()
def db() -> None:
    """Upgrade and check the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this release's shape; several starters at once are safe."""
    settings = settings_here()
    click.echo(bring_up(settings, store_of(settings)))


@db.command()
def check() -> None:
    """Say whether migrations are pending or the tables differ from what this release expects."""
    problem = schema_problem(settings_here())
    if problem is not None:
        raise click.ClickException(problem)
    click.echo("the database is as this release expects")


def bring_up(settings: Settings, store: SqlStore) -> str:
    """Migrate, and install the shipped policy where there is none; what was done, in one line."""
    with _engine(settings) as engine:
        if settings.embedded:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        if revision_of(engine) != newest_revision():
            from service.storage.sql.migrate import upgrade as upgrade_tables  # noqa: PLC0415 - loads Alembic

            upgrade_tables(engine)
    installed = InstallPolicy(store.begin)(now=datetime.now(UTC))
    return "the database is up to date" + ("; the shipped policy is version 1" if installed else "")


def schema_problem(settings: Settings) -> str | None:
    """What is wrong with the tables, in one line; ``None`` when nothing is."""
    from service.storage.sql.migrate import check as check_tables  # noqa: PLC0415 - loads Alembic

    with _engine(settings) as engine:
        state = check_tables(engine)
    if state.good:
        return None
    if state.current != state.newest:
        return f"the database is at migration {state.current or 'none'}, this release wants {state.newest}"
    return f"the tables differ from what this release expects: {'; '.join(state.differences)}"


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database_url)
    try:
        yield engine
    except SQLAlchemyError as error:
        why = database_trouble(error) or type(error).__name__
        raise UnavailableError(f"the database cannot be used: {why}") from None
    finally:
        engine.dispose()
