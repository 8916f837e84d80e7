"""Which migration a database is at, and which is the newest: without loading Alembic, which takes half a second."""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError


def newest_revision() -> str:
    """The number of the newest migration of this release: their files are called by it (``0001_first.py``)."""
    scripts = (each.name for each in (files("migrations") / "versions").iterdir())
    return max(name.partition("_")[0] for name in scripts if name.endswith(".py") and name[0].isdigit())


def revision_of(engine: Engine) -> str | None:
    """The migration the database is at; ``None`` when nobody has migrated it yet.

    Raises:
        sqlalchemy.exc.OperationalError: the database cannot be used.
    """
    with engine.connect() as connection:
        try:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except ProgrammingError:  # PostgreSQL: no such table
            return None
        except OperationalError as error:
            if "no such table" in str(error.orig):  # SQLite's way of saying it
                return None
            raise
