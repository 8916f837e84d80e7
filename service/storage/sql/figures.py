"""The overview's counts in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any  # Any: rows and statements of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, and_, case, cast, distinct, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from service.domain.challenge import ChallengeMethod, ChallengeStatus
from service.domain.decision import Decision
from service.storage.instants import microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.records import ACCOUNT_TYPES
from service.storage.sql.step_up_tables import ChallengeRow
from service.storage.sql.tables import AssessmentRow, SignupRow
from service.usecases.ports_figures import ChallengeCount, CountryCount, DayCount, Funnel

_DAY_US = 86_400_000_000
_ASSESSED = aliased(AssessmentRow)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


class SqlFigures:
    """See ``service.usecases.ports_figures.Figures``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def decisions_by_day(self, *, since: datetime) -> Sequence[DayCount]:
        """See the port."""
        day = (SignupRow.recorded_us // _DAY_US).label("day")
        parts = (
            day,
            SignupRow.account_type,
            AssessmentRow.decision,
            AssessmentRow.model_version,
            AssessmentRow.policy_version,
        )
        wanted = (
            select(*parts, func.count().label("count"))
            .join(
                AssessmentRow,
                and_(AssessmentRow.signup_no == SignupRow.signup_no, AssessmentRow.decided_us == _first(SignupRow)),
            )
            .where(SignupRow.recorded_us >= microseconds_of(since))
            .group_by(*parts)
            .order_by(*parts)
        )
        rows = self._rows(wanted)
        return tuple(
            DayCount(
                day=_day(row.day),
                account_type=ACCOUNT_TYPES[row.account_type],
                decision=Decision(row.decision),
                model_version=row.model_version,
                policy_version=row.policy_version,
                count=row[5],
            )
            for row in rows
        )

    def decisions_by_country(self, *, since: datetime, most: int) -> Sequence[CountryCount]:
        """See the port."""
        newest = (
            select(SignupRow.signup_no)
            .where(SignupRow.recorded_us >= microseconds_of(since))
            .order_by(SignupRow.recorded_us.desc(), SignupRow.signup_no.desc())
            .limit(most)
            .subquery()
        )

        def read(connection: Connection) -> Sequence[Any]:
            parts = (_country(connection.dialect.name).label("country"), AssessmentRow.decision)
            wanted = (
                select(*parts, func.count().label("count"))
                .join(newest, newest.c.signup_no == AssessmentRow.signup_no)
                .where(AssessmentRow.decided_us == _first(newest.c))
                .group_by(*parts)
                .order_by(*parts)
            )
            return connection.execute(wanted).all()

        return tuple(CountryCount(row.country, Decision(row.decision), row[2]) for row in self._database.read(read))

    def challenges(self, *, since: datetime) -> Sequence[ChallengeCount]:
        """See the port."""
        parts = (ChallengeRow.method, ChallengeRow.status, ChallengeRow.opened)
        asked = ChallengeRow.created_us >= microseconds_of(since)
        rows = self._rows(select(*parts, func.count()).where(asked).group_by(*parts).order_by(*parts))
        return tuple(
            ChallengeCount(ChallengeMethod(row.method), ChallengeStatus(row.status), bool(row.opened), row[3])
            for row in rows
        )

    def funnel(self, *, since: datetime) -> Funnel:
        """See the port."""
        person = ChallengeRow.signup_no
        (row,) = self._rows(
            select(
                func.count(distinct(person)),
                func.count(distinct(case((ChallengeRow.opened, person)))),
                func.count(distinct(case((ChallengeRow.status == ChallengeStatus.PASSED.value, person)))),
            ).where(ChallengeRow.created_us >= microseconds_of(since))
        )
        return Funnel(*row)

    def _rows(self, statement: Any) -> Sequence[Any]:
        return self._database.read(lambda connection: connection.execute(statement).all())


def _first(of: Any) -> Any:
    """When a sign-up was first decided. Any: a table or the columns of a subquery."""
    return select(func.min(_ASSESSED.decided_us)).where(_ASSESSED.signup_no == of.signup_no).scalar_subquery()


def _country(dialect: str) -> Any:
    """The country that a sign-up named, out of its recorded signals. Any: SQLAlchemy's JSON is untyped."""
    if dialect == "sqlite":
        return func.json_extract(AssessmentRow.signals, "$.identity.country")
    return cast(AssessmentRow.signals, JSONB)["identity"]["country"].astext


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)
