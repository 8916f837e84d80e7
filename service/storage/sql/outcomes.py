"""Outcomes in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, func, insert, or_, select

from service.domain.errors import ConflictError
from service.domain.outcome import Grade, Label, Outcome, Statement
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.outcome_tables import OutcomeRow
from service.storage.sql.staging import Stage
from service.storage.sql.tables import SignupRow
from service.usecases.ports_outcomes import SignupRef

_NUMBERS_A_STATEMENT = 500


class SqlOutcomes:
    """See ``service.usecases.ports_outcomes.Outcomes``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def signup(self, owner: str, name: str) -> SignupRef | None:
        """See the port."""
        statement = select(SignupRow.signup_no, SignupRow.id, SignupRow.owner, SignupRow.signup_id).where(
            SignupRow.owner == owner, or_(SignupRow.id == name, SignupRow.signup_id == name)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        found = sorted((SignupRef(*row) for row in rows), key=lambda each: each.id != name)
        return found[0] if found else None

    def of(self, signup_no: int) -> Sequence[Outcome]:
        """See the port."""
        return self.of_many([signup_no]).get(signup_no, ())

    def of_many(self, signup_nos: Sequence[int]) -> Mapping[int, Sequence[Outcome]]:
        """See the port."""
        found: dict[int, list[Outcome]] = defaultdict(list)

        def read(connection: Connection) -> None:
            found.clear()
            for at in range(0, len(signup_nos), _NUMBERS_A_STATEMENT):
                wanted = OutcomeRow.signup_no.in_(signup_nos[at : at + _NUMBERS_A_STATEMENT])
                statement = select(OutcomeRow.__table__).where(wanted).order_by(OutcomeRow.ordinal)
                for row in connection.execute(statement):
                    found[row.signup_no].append(outcome_of_row(row))

        self._database.read(read)
        return dict(found)

    def known(self, *, by: datetime, after_no: int = 0, limit: int = 5_000) -> Mapping[int, Sequence[Outcome]]:
        """See the port."""
        until = OutcomeRow.recorded_us <= microseconds_of(by)
        page = (
            select(OutcomeRow.signup_no)
            .where(until, OutcomeRow.signup_no > after_no)
            .distinct()
            .order_by(OutcomeRow.signup_no)
            .limit(limit)
            .subquery()
        )
        statement = (
            select(OutcomeRow.__table__)
            .where(until, OutcomeRow.signup_no.in_(select(page.c.signup_no)))
            .order_by(OutcomeRow.signup_no, OutcomeRow.ordinal)
        )
        found: dict[int, list[Outcome]] = defaultdict(list)
        for row in self._database.read(lambda connection: connection.execute(statement).all()):
            found[row.signup_no].append(outcome_of_row(row))
        return dict(found)

    def add(self, outcome: Outcome) -> None:
        """See the port."""
        said = outcome.said
        columns = {
            "signup_no": outcome.signup_no,
            "ordinal": outcome.ordinal,
            "id": outcome.id,
            "label": said.label.value,
            "source": said.source,
            "reason": said.reason,
            "confidence": said.confidence,
            "grade": None if said.grade is None else said.grade.value,
            "occurred_us": microseconds_of(said.occurred_at or outcome.recorded_at),
            "recorded_us": microseconds_of(outcome.recorded_at),
            "by": outcome.by,
        }

        def run(connection: Connection) -> None:
            connection.execute(insert(OutcomeRow), columns)

        self._stage.add(run)

    def nothing_more_said(self, heard: Mapping[int, int]) -> None:
        """See the port."""

        def run(connection: Connection) -> None:
            of_these = OutcomeRow.signup_no.in_(numbers_of(connection, heard))
            said = connection.execute(select(func.count()).select_from(OutcomeRow).where(of_these)).scalar_one()
            # They only become more.
            if said != sum(heard.values()):
                raise ConflictError("Somebody said more of a sign-up at the same moment; look at it again.")

        if heard:
            self._stage.add(run)


def outcome_of_row(row: Any) -> Outcome:
    """The outcome of a row."""
    return Outcome(
        id=row.id,
        signup_no=row.signup_no,
        ordinal=row.ordinal,
        said=Statement(
            label=Label(row.label),
            source=row.source,
            reason=row.reason,
            confidence=row.confidence,
            occurred_at=instant_of(row.occurred_us),
            grade=None if row.grade is None else Grade(row.grade),
        ),
        recorded_at=instant_of(row.recorded_us),
        by=row.by,
    )
