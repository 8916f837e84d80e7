"""Accounts on probation in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from service.domain.decision import Assessment
from service.domain.errors import ConflictError
from service.domain.grant import Tier
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.policy_tables import ProbationRow
from service.storage.sql.staging import Stage
from service.storage.sql.tables import SignupRow
from service.usecases.ports_probations import Probation

PROBATION_COLUMNS = ("until_us",)


class SqlProbations:
    """See ``service.usecases.ports_probations.Probations``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def due(self, now: datetime, *, limit: int) -> Sequence[Probation]:
        """See the port."""
        statement = (
            select(ProbationRow.signup_no, SignupRow.id, ProbationRow.until_us)
            .join(SignupRow, SignupRow.signup_no == ProbationRow.signup_no)
            .where(ProbationRow.ended_us.is_(None), ProbationRow.until_us <= microseconds_of(now))
            .order_by(ProbationRow.until_us, ProbationRow.signup_no)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(Probation(row.signup_no, row.id, instant_of(row.until_us)) for row in rows)

    def end(self, signup_no: int, *, at: datetime) -> None:
        """See the port."""

        def run(connection: Connection) -> None:
            if not _ended(connection, signup_no, at):
                raise ConflictError("Somebody else ended this probation.")

        self._stage.add(run)


def row_of_probation(assessment: Assessment | None) -> list[tuple[object, ...]]:
    """The row that a first decision leaves, if it grants probation, in the order of ``PROBATION_COLUMNS``."""
    until = _until(assessment)
    return [] if until is None else [(microseconds_of(until),)]


def follow(connection: Connection, assessed: Sequence[tuple[int, Assessment]]) -> None:
    """Begin, keep or end the probations of sign-ups as later assessments say, the last of each."""
    ended: dict[datetime, list[int]] = {}
    for signup_no, assessment in dict(assessed).items():
        until = _until(assessment)
        if until is None:
            ended.setdefault(assessment.decided_at, []).append(signup_no)
        else:
            _granted(connection, signup_no, until)
    for at, numbers in ended.items():
        ending = update(ProbationRow).where(
            ProbationRow.signup_no.in_(numbers_of(connection, numbers)), ProbationRow.ended_us.is_(None)
        )
        connection.execute(ending.values(ended_us=microseconds_of(at)))


def _granted(connection: Connection, signup_no: int, until: datetime) -> None:
    columns = {"until_us": microseconds_of(until), "ended_us": None}
    known = update(ProbationRow).where(ProbationRow.signup_no == signup_no).values(columns)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(ProbationRow), {"signup_no": signup_no, **columns})


def _ended(connection: Connection, signup_no: int, at: datetime) -> bool:
    statement = (
        update(ProbationRow)
        .where(ProbationRow.signup_no == signup_no, ProbationRow.ended_us.is_(None))
        .values(ended_us=microseconds_of(at))
    )
    return connection.execute(statement).rowcount == 1


def _until(assessment: Assessment | None) -> datetime | None:
    grant = None if assessment is None else assessment.granted
    return None if grant is None or grant.tier is not Tier.PROBATION else grant.until
