"""Thousands of numbers in one statement: as one parameter, where a place for each takes longer than the search."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any  # Any: selects of SQLAlchemy's Core are untyped

from sqlalchemy import ARRAY, BigInteger, Connection, cast, func, literal, select


def numbers_of(connection: Connection, numbers: Collection[int]) -> Any:
    """What ``column.in_`` takes in place of the numbers."""
    ordered = sorted(numbers)
    if connection.dialect.name == "sqlite":
        return select(func.json_each(json.dumps(ordered)).table_valued("value").c.value)
    return select(func.unnest(cast(literal(ordered, ARRAY(BigInteger)), ARRAY(BigInteger))))
