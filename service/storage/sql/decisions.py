"""Recorded decisions in SQL, read in large numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from pydantic_core import from_json
from sqlalchemy import Connection, func, select, tuple_

from service.domain.decision import Decision
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.records import ACCOUNT_TYPES
from service.storage.sql.rulings import parts_of_ruling
from service.storage.sql.tables import AssessmentRow, SignupRow
from service.usecases.ports_decisions import Period, RecordedDecision

_PAGE = 1_000
"""Decisions a page: some five megabytes."""

_SIGNUP = (SignupRow.signup_no, SignupRow.id, SignupRow.owner, SignupRow.signup_id, SignupRow.account_type)
_ASSESSMENT = (
    AssessmentRow.signup_no,
    AssessmentRow.decision,
    AssessmentRow.score,
    AssessmentRow.signals,
    AssessmentRow.linkage,
    AssessmentRow.policy_version,
    AssessmentRow.ruling,
)


class SqlDecisions:
    """See ``service.usecases.ports_decisions.Decisions``."""

    def __init__(self, database: Database, *, encryption: Encryption) -> None:
        self._database = database
        self._encryption = encryption

    def count(self, period: Period) -> int:
        """See the port."""
        statement = select(func.count()).select_from(SignupRow).where(SignupRow.record_only.is_(False))
        for condition in _conditions(period):
            statement = statement.where(condition)
        found = int(self._database.read(lambda connection: connection.execute(statement).scalar_one()))
        return found if period.limit is None else min(found, period.limit)

    def stream(self, period: Period, *, with_signups: bool) -> Iterable[RecordedDecision]:
        """See the port."""
        place = tuple_(SignupRow.recorded_us, SignupRow.signup_no)
        left, before = period.limit, None
        columns = (*_SIGNUP, SignupRow.recorded_us, *((SignupRow.personal,) if with_signups else ()))
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            wanted = (
                select(*columns)
                .where(SignupRow.record_only.is_(False), *_conditions(period))
                .order_by(SignupRow.recorded_us.desc(), SignupRow.signup_no.desc())
                .limit(size)
            )
            if before is not None:
                wanted = wanted.where(place < before)
            signups, assessments = self._database.read(partial(_page, wanted=wanted))
            yield from self._decisions(signups, assessments)
            if len(signups) < size:
                return
            before = (signups[-1].recorded_us, signups[-1].signup_no)
            left = None if left is None else left - size

    def _decisions(self, signups: Sequence[Any], assessments: dict[int, Any]) -> Iterator[RecordedDecision]:
        for row in signups:
            first = assessments.get(row.signup_no)
            if first is None:
                continue
            ruling = parts_of_ruling(first.ruling)
            personal = getattr(row, "personal", None)
            yield RecordedDecision(
                id=row.id,
                owner=row.owner,
                signup_id=row.signup_id,
                account_type=ACCOUNT_TYPES[row.account_type],
                recorded_at=instant_of(row.recorded_us),
                decision=Decision(first.decision),
                score=first.score,
                signals=from_json(first.signals),
                linkage=from_json(first.linkage),
                policy_version=first.policy_version,
                hits=ruling.get("hits", ()),
                explored=ruling.get("explored"),
                signup={}
                if personal is None
                else from_json(self._encryption.decrypt(bytes(personal), record_id=row.id)),
            )


def _page(connection: Connection, wanted: Any) -> tuple[Sequence[Any], dict[int, Any]]:
    """One page of sign-ups, and the first assessment of each by its number."""
    signups = connection.execute(wanted).all()
    rows = connection.execute(
        select(*_ASSESSMENT)
        .where(AssessmentRow.signup_no.in_([row.signup_no for row in signups]))
        .order_by(AssessmentRow.signup_no, AssessmentRow.decided_us.desc(), AssessmentRow.id.desc())
    )
    return signups, {row.signup_no: row for row in rows}


def _conditions(period: Period) -> Iterator[Any]:
    """What must hold of a sign-up. Any: SQLAlchemy's conditions have many types."""
    if period.since is not None:
        yield SignupRow.recorded_us >= microseconds_of(period.since)
    if period.before is not None:
        yield SignupRow.recorded_us < microseconds_of(period.before)
