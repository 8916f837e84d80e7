"""Rows that are written beside a new record, in its one statement: each table by its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.storage.sql.case_rows import CASE_COLUMNS, row_of_case
from service.storage.sql.events import EVENT_COLUMNS, row_of_event
from service.storage.sql.probations import PROBATION_COLUMNS, row_of_probation
from service.storage.sql.step_up_rows import (
    CHALLENGE_COLUMNS,
    MAIL_COLUMNS,
    STEP_COLUMNS,
    STEP_UP_COLUMNS,
    row_of_challenge,
    row_of_mail,
    row_of_step,
    row_of_step_up,
)
from service.usecases.ports import NewRecord
from service.usecases.ports_step_up import NewStepUp


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
        *_of_step_up(record.step_up),
        RowsBeside("events", EVENT_COLUMNS, [row_of_event(each) for each in record.events]),
        RowsBeside("probations", PROBATION_COLUMNS, row_of_probation(record.assessment), of_signup=True),
        RowsBeside("cases", CASE_COLUMNS, [row_of_case(each) for each in cases], once=True),
    )
    return tuple(part for part in parts if part.rows)


def _of_step_up(new: NewStepUp | None) -> tuple[RowsBeside, ...]:
    if new is None:
        return ()
    challenges = [row_of_challenge(place, each, None) for place, each in enumerate(new.step_up.challenges)]
    return (
        RowsBeside("step_ups", STEP_UP_COLUMNS, [row_of_step_up(new.step_up)], of_signup=True),
        RowsBeside("challenges", CHALLENGE_COLUMNS, challenges, of_signup=True),
        RowsBeside("challenge_steps", STEP_COLUMNS, [row_of_step(each) for each in new.steps], of_signup=True),
        RowsBeside("mails", MAIL_COLUMNS, [row_of_mail(each) for each in new.mails]),
    )
