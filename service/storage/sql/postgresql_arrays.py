"""Lists as parameters of PostgreSQL: array literals."""

from __future__ import annotations

from collections.abc import Sequence


def bytea_array(values: Sequence[bytes]) -> str:
    """A PostgreSQL array literal: one parameter of one type, so that the prepared statement stays the same."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def bigint_array(values: Sequence[int | None]) -> str:
    """A PostgreSQL array literal of whole numbers; see ``bytea_array``."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"
