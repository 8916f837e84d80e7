"""Step-ups in SQL: read whole, changed whole, refused when somebody else was faster."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from pydantic_core import from_json
from sqlalchemy import Connection, Select, distinct, func, insert, select, update

from service.domain.challenge import ChallengeMethod, ChallengeStatus
from service.domain.pass_rates import Answered
from service.domain.step_up import Step, StepUp
from service.storage.encryption import Encryption, EncryptionError
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.step_up_rows import (
    CHALLENGE_COLUMNS,
    MAIL_COLUMNS,
    STEP_COLUMNS,
    STEP_UP_COLUMNS,
    row_of_challenge,
    row_of_mail,
    row_of_step,
    row_of_step_up,
    step_of_row,
    step_up_of_row,
)
from service.storage.sql.step_up_tables import ChallengeRow, ChallengeStepRow, MailRow, StepUpRow
from service.storage.sql.tables import SignupRow
from service.storage.unopened import Unopened
from service.usecases.ports_step_up import NewStepUp, StepUpMovedError


class SqlStepUps:
    """See ``service.usecases.ports_step_up.StepUps``."""

    def __init__(self, database: Database, stage: Stage, *, encryption: Encryption, unopened: Unopened) -> None:
        self._database = database
        self._stage = stage
        self._encryption = encryption
        self._unopened = unopened

    def of_record(self, record_id: str) -> StepUp | None:
        """See the port."""
        return self._one(select(StepUpRow.__table__).where(StepUpRow.record_id == record_id))

    def of_challenge(self, owner: str | None, challenge_id: str) -> StepUp | None:
        """See the port."""
        wanted = (
            select(StepUpRow.__table__)
            .join(ChallengeRow, ChallengeRow.signup_no == StepUpRow.signup_no)
            .where(ChallengeRow.id == challenge_id)
        )
        if owner is None:
            return next(iter(self._many(wanted, passing_over=True)), None)
        return self._one(wanted.where(StepUpRow.owner == owner))

    def of_page(self, digest: bytes) -> StepUp | None:
        """See the port."""
        return self._one(select(StepUpRow.__table__).where(StepUpRow.page_digest == digest))

    def add(self, new: NewStepUp) -> None:
        """See the port."""
        step_up = new.step_up
        columns = _named(STEP_UP_COLUMNS, row_of_step_up(step_up))
        mails = [_named(MAIL_COLUMNS, row_of_mail(each)) for each in new.mails]

        def run(connection: Connection) -> None:
            number = connection.execute(
                select(SignupRow.signup_no).where(SignupRow.id == step_up.record_id)
            ).scalar_one_or_none()
            if number is None:
                raise RuntimeError("bug: a step-up of a sign-up that is not recorded")
            connection.execute(insert(StepUpRow), {**columns, "signup_no": number})
            self._write_challenges(connection, number, (), step_up)
            _append_steps(connection, number, new.steps)
            if mails:
                connection.execute(insert(MailRow), mails)

        self._stage.add(run)

    def save(self, before: StepUp, after: StepUp, steps: Sequence[Step]) -> None:
        """See the port."""
        columns = _named(STEP_UP_COLUMNS, row_of_step_up(after))

        def run(connection: Connection) -> None:
            moved = connection.execute(
                update(StepUpRow)
                .where(StepUpRow.record_id == before.record_id, StepUpRow.version == before.version)
                .values(doubt=columns["doubt"], version=before.version + 1)
                .returning(StepUpRow.signup_no)
            ).scalar_one_or_none()
            if moved is None:
                raise StepUpMovedError
            self._write_challenges(connection, moved, before.challenges, after)
            _append_steps(connection, moved, steps)

        self._stage.add(run)

    def due(self, *, now: datetime, limit: int) -> Sequence[StepUp]:
        """See the port."""
        late = (
            select(ChallengeRow.signup_no)
            .distinct()
            .where(
                ChallengeRow.status == ChallengeStatus.PENDING.value, ChallengeRow.expires_us <= microseconds_of(now)
            )
            .limit(limit)
        )
        return self._many(select(StepUpRow.__table__).where(StepUpRow.signup_no.in_(late)), passing_over=True)

    def history(self, record_id: str) -> Sequence[Step]:
        """See the port."""
        statement = (
            select(ChallengeStepRow.__table__)
            .join(StepUpRow, StepUpRow.signup_no == ChallengeStepRow.signup_no)
            .where(StepUpRow.record_id == record_id)
            .order_by(ChallengeStepRow.step_no)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(step_of_row, rows))

    def people_proven(self, proof: bytes, *, since: datetime, besides: str) -> int:
        """See the port."""
        statement = (
            select(func.count(distinct(ChallengeRow.signup_no)))
            .join(StepUpRow, StepUpRow.signup_no == ChallengeRow.signup_no)
            .where(
                ChallengeRow.proof == proof,
                ChallengeRow.closed_us >= microseconds_of(since),
                StepUpRow.record_id != besides,
            )
        )
        return self._database.read(lambda connection: connection.execute(statement).scalar_one())

    def proven(self, methods: Collection[ChallengeMethod], *, by: datetime) -> Mapping[str, datetime]:
        """See the port."""
        statement = (
            select(StepUpRow.record_id, func.min(ChallengeRow.closed_us))
            .join(StepUpRow, StepUpRow.signup_no == ChallengeRow.signup_no)
            .where(
                ChallengeRow.closed_us <= microseconds_of(by),
                ChallengeRow.status == ChallengeStatus.PASSED.value,
                ChallengeRow.method.in_([each.value for each in methods]),
            )
            .group_by(StepUpRow.record_id)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return {record_id: instant_of(closed_us) for record_id, closed_us in rows if closed_us is not None}

    def answered(self, *, since: datetime) -> Sequence[Answered]:
        """See the port."""
        tried = (ChallengeStatus.PASSED.value, ChallengeStatus.FAILED.value)
        statement = (
            select(ChallengeRow.method, ChallengeRow.status, StepUpRow.doubt, StepUpRow.signup_no)
            .join(StepUpRow, StepUpRow.signup_no == ChallengeRow.signup_no)
            .where(ChallengeRow.closed_us >= microseconds_of(since), ChallengeRow.status.in_(tried))
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(_answered_of_row(row) for row in rows)

    def _one(self, wanted: Select[Any]) -> StepUp | None:
        return next(iter(self._many(wanted)), None)

    def _many(self, wanted: Select[Any], *, passing_over: bool = False) -> list[StepUp]:
        def read(connection: Connection) -> list[StepUp]:
            rows = connection.execute(wanted).all()
            challenges = connection.execute(
                select(ChallengeRow.__table__)
                .where(ChallengeRow.signup_no.in_([row.signup_no for row in rows]))
                .order_by(ChallengeRow.signup_no, ChallengeRow.place)
            ).all()
            of_signup = {number: list(each) for number, each in groupby(challenges, key=lambda row: row.signup_no)}
            step_ups = []
            for row in rows:
                try:
                    step_ups.append(step_up_of_row(row, of_signup.get(row.signup_no, []), self._encryption))
                except EncryptionError:
                    if not passing_over:
                        raise
                    self._unopened.note(row.record_id)
            return step_ups

        # Rows first: a version read before its challenges can only be too old, and a change over it is refused.
        return self._database.read(read)

    def _write_challenges(self, connection: Connection, number: int, before: Sequence[Any], after: StepUp) -> None:
        known = {each.id: each for each in before}
        for place, challenge in enumerate(after.challenges):
            if known.get(challenge.id) == challenge:
                continue
            columns = _named(CHALLENGE_COLUMNS, row_of_challenge(place, challenge, self._encryption))
            if challenge.id in known:
                connection.execute(update(ChallengeRow).where(ChallengeRow.id == challenge.id).values(columns))
            else:
                connection.execute(insert(ChallengeRow), {**columns, "signup_no": number})


def _append_steps(connection: Connection, number: int, steps: Sequence[Step]) -> None:
    columns = [{**_named(STEP_COLUMNS, row_of_step(each)), "signup_no": number} for each in steps]
    if columns:
        connection.execute(insert(ChallengeStepRow), columns)


def _named(names: tuple[str, ...], values: tuple[object, ...]) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))


def _answered_of_row(row: Any) -> Answered:
    doubt = from_json(row.doubt)
    return Answered(
        method=ChallengeMethod(row.method),
        groups=tuple(doubt["groups"]),
        passed=row.status == ChallengeStatus.PASSED.value,
        odds=doubt["odds"],
        signup_no=row.signup_no,
    )
