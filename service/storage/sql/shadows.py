"""Challengers in the shadow, and drift reports, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select, tuple_, update

from service.domain.decision import Decision, ModelReference
from service.domain.errors import ConflictError
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.judgements import JUDGED_COLUMNS, judged_of_row
from service.storage.sql.learning_tables import DriftReportRow, ShadowRow, ShadowScoreRow
from service.storage.sql.staging import Stage
from service.storage.sql.tables import AssessmentRow, SignupRow
from service.usecases.ports_learning import DriftReport, Shadow, ShadowPair, ShadowScore

STEP_TAKEN = "Another worker has scored these sign-ups in the shadow meanwhile."


class SqlShadows:
    """See ``service.usecases.ports_learning.Shadows``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def start(self, model: ModelReference, *, at: datetime, seal_no: int) -> None:
        """See the port."""
        columns = {
            "model_version": model.version,
            "model_sha256": model.sha256,
            "started_us": microseconds_of(at),
            "seal_no": seal_no,
        }

        def run(connection: Connection) -> None:
            connection.execute(insert(ShadowRow), columns)

        self._stage.add(run)

    def stop(self, version: str, *, at: datetime) -> bool:
        """See the port."""

        def run(connection: Connection) -> None:
            connection.execute(
                update(ShadowRow)
                .where(ShadowRow.model_version == version, ShadowRow.stopped_us.is_(None))
                .values(stopped_us=microseconds_of(at))
            )

        if all(each.model.version != version for each in self.running()):
            return False
        self._stage.add(run)
        return True

    def running(self) -> Sequence[Shadow]:
        """See the port."""
        statement = select(ShadowRow.__table__).where(ShadowRow.stopped_us.is_(None)).order_by(ShadowRow.shadow_no)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            Shadow(ModelReference(row.model_version, row.model_sha256), instant_of(row.started_us), row.seal_no)
            for row in rows
        )

    def add(self, shadow: Shadow, scores: Sequence[ShadowScore], *, seal_no: int, at: datetime) -> None:
        """See the port."""
        version, scored_us = shadow.model.version, microseconds_of(at)
        rows = [
            {
                "model_version": version,
                "signup_no": each.signup_no,
                "assessment_id": each.assessment_id,
                "score": each.score,
                "decision": each.decision.value,
                "scored_us": scored_us,
            }
            for each in scores
        ]

        def run(connection: Connection) -> None:
            # The step is taken first: its lock makes a second worker wait, and then find it taken.
            stepped = connection.execute(
                update(ShadowRow)
                .where(
                    ShadowRow.model_version == version,
                    ShadowRow.stopped_us.is_(None),
                    ShadowRow.seal_no == shadow.seal_no,
                )
                .values(seal_no=seal_no)
            )
            if stepped.rowcount != 1:
                raise ConflictError(STEP_TAKEN)
            if rows:
                connection.execute(insert(ShadowScoreRow), rows)

        self._stage.add(run)

    def pairs(self, version: str, *, after: tuple[int, str] = (0, ""), limit: int = 5_000) -> Sequence[ShadowPair]:
        """See the port."""
        place = tuple_(ShadowScoreRow.signup_no, ShadowScoreRow.assessment_id)
        statement = (
            select(
                *JUDGED_COLUMNS,
                ShadowScoreRow.score.label("shadow_score"),
                ShadowScoreRow.decision.label("shadow_decision"),
            )
            .select_from(ShadowScoreRow)
            .join(
                AssessmentRow,
                and_(
                    AssessmentRow.signup_no == ShadowScoreRow.signup_no,
                    AssessmentRow.id == ShadowScoreRow.assessment_id,
                ),
            )
            .join(SignupRow, SignupRow.signup_no == ShadowScoreRow.signup_no)
            .where(ShadowScoreRow.model_version == version, place > after)
            .order_by(ShadowScoreRow.signup_no, ShadowScoreRow.assessment_id)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(ShadowPair(judged_of_row(row), row.shadow_score, Decision(row.shadow_decision)) for row in rows)


class SqlDriftReports:
    """See ``service.usecases.ports_learning.DriftReports``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, report: DriftReport) -> None:
        """See the port."""
        at_us = microseconds_of(report.at)

        def run(connection: Connection) -> None:
            connection.execute(delete(DriftReportRow).where(DriftReportRow.at_us <= at_us))
            connection.execute(insert(DriftReportRow), {"at_us": at_us, "document": report.document})

        self._stage.add(run)

    def newest(self) -> DriftReport | None:
        """See the port."""
        statement = select(DriftReportRow.__table__).order_by(DriftReportRow.at_us.desc()).limit(1)
        row = self._database.read(lambda connection: connection.execute(statement).first())
        return None if row is None else DriftReport(instant_of(row.at_us), row.document)
