"""Rows that are written beside a new record, in its one statement: each table by its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.storage.sql.case_rows import CASE_COLUMNS, row_of_case
from service.storage.sql.events import EVENT_COLUMNS, row_of_event
from service.usecases.ports import NewRecord


@dataclass(frozen=True, slots=True)
class RowsBeside:
    """Rows of one table. With ``of_signup`` a first column ``signup_no`` is added, which the database gives.

    With ``once`` a row that a constraint refuses as a repetition is left out in silence.
    """

    table: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    of_signup: bool = False
    once: bool = False


def rows_beside(record: NewRecord) -> tuple[RowsBeside, ...]:
    """What a record writes besides sign-up, assessment, links, audit entry and idempotent answer; empty parts left out.

    At most one part a table, always in the same order: the statement's text, which is prepared, depends on it.
    """
    cases = () if record.case is None else (record.case,)
    parts = (
        RowsBeside("events", EVENT_COLUMNS, [row_of_event(each) for each in record.events]),
        RowsBeside("cases", CASE_COLUMNS, [row_of_case(each) for each in cases], once=True),
    )
    return tuple(part for part in parts if part.rows)
