"""Rows that may be there already: of two who write one at once both come through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # Any: rows of SQLAlchemy's Core are untyped

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.dialects import postgresql, sqlite

from service.storage.sql.base import Base


def write_over(
    connection: Connection, kind: type[Base], columns: Mapping[str, Any], *, only: ColumnElement[bool] | None = None
) -> None:
    """Write a row, in place of the one with the same primary key if there is one and ``only`` is so of it.

    Deleting it first would not do on PostgreSQL: of two who find none to delete, one is refused.
    """
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    key = [column.name for column in kind.__table__.primary_key]
    statement = dialect.insert(kind).values(columns)
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed, where=only))


def write_unless_there(connection: Connection, kind: type[Base], columns: Mapping[str, Any]) -> None:
    """Write a row, unless there is one with the same primary key: that one stays as it is."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(kind).values(columns).on_conflict_do_nothing())
