"""The overview's counts in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import and_, func, select

from service.domain.decision import Decision
from service.storage.instants import microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.records import ACCOUNT_TYPES
from service.storage.sql.tables import AssessmentRow, SignupRow
from service.usecases.ports_figures import DayCount

_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


class SqlFigures:
    """See ``service.usecases.ports_figures.Figures``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def decisions_by_day(self, *, since: datetime) -> Sequence[DayCount]:
        """See the port."""
        first = (
            select(func.min(AssessmentRow.decided_us))
            .where(AssessmentRow.signup_no == SignupRow.signup_no)
            .correlate(SignupRow)
            .scalar_subquery()
        )
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
                and_(AssessmentRow.signup_no == SignupRow.signup_no, AssessmentRow.decided_us == first),
            )
            .where(SignupRow.recorded_us >= microseconds_of(since))
            .group_by(*parts)
            .order_by(*parts)
        )
        rows = self._database.read(lambda connection: connection.execute(wanted).all())
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


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)
