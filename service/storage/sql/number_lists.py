"""Many numbers or texts in one statement: as one parameter, where a place for each takes longer than the search."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any  # Any: selects of SQLAlchemy's Core are untyped

from sqlalchemy import ARRAY, BigInteger, Connection, String, cast, func, literal, select


def numbers_of(connection: Connection, numbers: Collection[int]) -> Any:
    """What ``column.in_`` takes in place of the numbers."""
    return _one_parameter(connection, sorted(numbers), ARRAY(BigInteger))


def texts_of(connection: Connection, texts: Collection[str]) -> Any:
    """What ``column.in_`` takes in place of the texts."""
    return _one_parameter(connection, sorted(texts), ARRAY(String))


def _one_parameter(connection: Connection, ordered: Sequence[int] | Sequence[str], kind: ARRAY[Any]) -> Any:
    if connection.dialect.name == "sqlite":
        return select(func.json_each(json.dumps(ordered)).table_valued("value").c.value)
    return select(func.unnest(cast(literal(ordered, kind), kind)))
