"""Recorded assessments in SQL, to score again and to compare."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, and_, func, select

from service.domain.decision import Decision, ModelReference
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.records import ACCOUNT_TYPES
from service.storage.sql.tables import AssessmentRow, AuditEntryRow, AuditSealRow, SignupRow
from service.usecases.ports_learning import Judged

JUDGED_COLUMNS = (
    AssessmentRow.id,
    AssessmentRow.signup_no,
    AssessmentRow.decided_us,
    AssessmentRow.decision,
    AssessmentRow.score,
    AssessmentRow.vector,
    AssessmentRow.model_version,
    AssessmentRow.model_sha256,
    AssessmentRow.linkage,
    SignupRow.signup_id,
    SignupRow.occurred_us,
    SignupRow.account_type,
)
_OF_ITS_SIGNUP = AssessmentRow.signup_no == SignupRow.signup_no


class SqlJudgements:
    """See ``service.usecases.ports_learning.Judgements``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after_seal(self, seal_no: int) -> tuple[int, Sequence[Judged]]:
        """See the port."""
        return self._database.read(lambda connection: _after_seal(connection, seal_no))

    def newest_seal(self) -> int:
        """See the port."""
        statement = select(func.coalesce(func.max(AuditSealRow.seal_no), 0))
        return int(self._database.read(lambda connection: connection.execute(statement).scalar_one()))

    def of_model(self, version: str, *, most: int) -> Sequence[Judged]:
        """See the port."""
        statement = (
            select(*JUDGED_COLUMNS)
            .join(SignupRow, _OF_ITS_SIGNUP)
            .where(AssessmentRow.model_version == version)
            .order_by(AssessmentRow.signup_no.desc(), AssessmentRow.id.desc())
            .limit(most)
        )
        return self._read(statement)

    def sample(self, *, recorded_from: datetime, recorded_before: datetime, most: int) -> Sequence[Judged]:
        """See the port."""
        span = and_(
            SignupRow.recorded_us >= microseconds_of(recorded_from),
            SignupRow.recorded_us < microseconds_of(recorded_before),
        )
        counted = select(func.count()).select_from(SignupRow).where(span)
        rows = self._database.read(lambda connection: connection.execute(counted).scalar_one())
        step = max(1, -(-rows // most))
        statement = (
            select(*JUDGED_COLUMNS)
            .join(SignupRow, _OF_ITS_SIGNUP)
            .where(span, SignupRow.signup_no % step == 0)
            .order_by(SignupRow.recorded_us, SignupRow.signup_no, AssessmentRow.decided_us, AssessmentRow.id)
        )
        first: dict[int, Judged] = {}
        for each in self._read(statement):
            first.setdefault(each.signup_no, each)
        return tuple(first.values())[:most]

    def _read(self, statement: Any) -> Sequence[Judged]:
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(judged_of_row(row) for row in rows)


def judged_of_row(row: Any) -> Judged:
    """The assessment of a row with ``JUDGED_COLUMNS``."""
    return Judged(
        assessment_id=row.id,
        signup_no=row.signup_no,
        signup_id=row.signup_id,
        occurred_at=instant_of(row.occurred_us),
        decided_at=instant_of(row.decided_us),
        account_type=ACCOUNT_TYPES[row.account_type],
        decision=Decision(row.decision),
        score=row.score,
        vector=None if row.vector is None else bytes(row.vector),
        model=None if row.model_version is None else ModelReference(row.model_version, row.model_sha256),
        linkage=json.loads(row.linkage),
    )


def _after_seal(connection: Connection, seal_no: int) -> tuple[int, Sequence[Judged]]:
    following: int | None = connection.execute(
        select(func.min(AuditSealRow.seal_no)).where(AuditSealRow.seal_no > seal_no)
    ).scalar()
    if following is None:
        return seal_no, ()
    # An assessment and its audit entry carry the same instant; a sign-up may have several assessments.
    statement = (
        select(*JUDGED_COLUMNS)
        .select_from(AuditEntryRow)
        .join(SignupRow, SignupRow.id == AuditEntryRow.subject)
        .join(
            AssessmentRow,
            and_(_OF_ITS_SIGNUP, AssessmentRow.decided_us == AuditEntryRow.at_us),
        )
        .where(AuditEntryRow.seal_no == following)
        .order_by(AuditEntryRow.id)
    )
    found = {row.id: judged_of_row(row) for row in connection.execute(statement)}
    return following, tuple(found.values())
