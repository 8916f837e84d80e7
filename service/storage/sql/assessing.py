"""Further assessments of recorded sign-ups: those of a transaction are written together, each after the one it follows.

Whoever appends one takes the row of its sign-up before anything else in the transaction, in the order of their numbers.
So of two who look at the same sign-up the second finds what the first decided, and nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from service.domain.decision import Assessment
from service.domain.errors import TakenError
from service.domain.event import Event, before_these
from service.storage.sql import probations
from service.storage.sql.audit import columns_of_entry
from service.storage.sql.events import hasten, write_events
from service.storage.sql.many_rows import insert_many
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.records import columns_of_assessment
from service.storage.sql.tables import AssessmentRow, AuditEntryRow, SignupRow
from service.usecases.ports import AuditEntry


@dataclass(frozen=True, slots=True)
class Assessed:
    """A further assessment of a recorded sign-up, the audit entry about it, and what is told of it.

    ``after`` is the id of the assessment that must be the last one, if any.
    """

    signup_no: int
    assessment: Assessment
    audit: AuditEntry
    events: tuple[Event, ...]
    after: str | None


def take(connection: Connection, assessed: Sequence[Assessed]) -> None:
    """Have the sign-ups to oneself until the commit.

    Raises:
        TakenError: one of them has a later assessment than the one that was to be followed.
    """
    if connection.dialect.name != "sqlite":
        numbers = numbers_of(connection, {each.signup_no for each in assessed})
        rows = select(SignupRow.signup_no).where(SignupRow.signup_no.in_(numbers)).order_by(SignupRow.signup_no)
        connection.execute(rows.with_for_update(key_share=True)).all()
    expected = {each.signup_no: each.after for each in assessed if each.after is not None}
    if expected and _last(connection, expected.keys()) != expected:
        raise TakenError("Somebody else decided on a sign-up at the same moment; look at it again.")


def write(connection: Connection, assessed: Sequence[Assessed]) -> None:
    """Write all of it, each table once."""
    rows = []
    for each in assessed:
        columns = columns_of_assessment(each.assessment)
        columns["signup_no"], columns["id"] = each.signup_no, columns.pop("assessment_id")
        rows.append(columns)
    insert_many(connection, AssessmentRow, rows)
    insert_many(connection, AuditEntryRow, [columns_of_entry(each.audit) for each in assessed])
    events = [event for each in assessed for event in each.events]
    hasten(connection, before_these(events))
    write_events(connection, events)
    probations.follow(connection, [(each.signup_no, each.assessment) for each in assessed])


def _last(connection: Connection, signup_nos: Collection[int]) -> dict[int, str]:
    """The id of the last assessment of each."""
    statement = (
        select(AssessmentRow.signup_no, AssessmentRow.id)
        .where(AssessmentRow.signup_no.in_(numbers_of(connection, signup_nos)))
        .order_by(AssessmentRow.signup_no, AssessmentRow.decided_us, AssessmentRow.id)
    )
    return {row.signup_no: row.id for row in connection.execute(statement)}
