"""The console's people in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, delete, func, insert, select, update

from service.domain.reviewer import Reviewer, Role
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.database import Database
from service.storage.sql.reviewer_tables import ReviewerRow, ReviewerSessionRow, SignInFailureRow
from service.storage.sql.staging import Stage
from service.usecases.ports_reviewers import Session


class SqlReviewers:
    """See ``service.usecases.ports_reviewers.Reviewers``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, reviewer: Reviewer) -> None:
        """See the port."""
        self._write(insert(ReviewerRow).values(_columns(reviewer)))

    def get(self, name: str) -> Reviewer | None:
        """See the port."""
        wanted = select(ReviewerRow.__table__).where(ReviewerRow.name == name)
        row = self._database.read(lambda connection: connection.execute(wanted).first())
        return None if row is None else _reviewer(row)

    def of_identity(self, digests: Sequence[bytes]) -> Reviewer | None:
        """See the port."""
        wanted = select(ReviewerRow.__table__).where(ReviewerRow.identity.in_(digests))
        row = self._database.read(lambda connection: connection.execute(wanted).first())
        return None if row is None else _reviewer(row)

    def update(self, reviewer: Reviewer) -> None:
        """See the port."""
        self._write(update(ReviewerRow).where(ReviewerRow.name == reviewer.name).values(_columns(reviewer)))

    def all(self) -> Sequence[Reviewer]:
        """See the port."""
        wanted = select(ReviewerRow.__table__).order_by(ReviewerRow.name)
        return tuple(map(_reviewer, self._database.read(lambda connection: connection.execute(wanted).all())))

    def begin_session(self, session: Session) -> None:
        """See the port."""
        columns = {
            "token_digest": session.token_digest,
            "reviewer": session.reviewer,
            "began_us": microseconds_of(session.began_at),
            "seen_us": microseconds_of(session.seen_at),
        }
        self._write(insert(ReviewerSessionRow).values(columns))

    def session(self, token_digest: bytes) -> tuple[Session, Reviewer] | None:
        """See the port."""
        wanted = (
            select(ReviewerRow.__table__, ReviewerSessionRow.began_us, ReviewerSessionRow.seen_us)
            .join(ReviewerSessionRow, ReviewerSessionRow.reviewer == ReviewerRow.name)
            .where(ReviewerSessionRow.token_digest == token_digest)
        )
        row = self._database.read(lambda connection: connection.execute(wanted).first())
        if row is None:
            return None
        return Session(token_digest, row.name, instant_of(row.began_us), instant_of(row.seen_us)), _reviewer(row)

    def touch(self, token_digest: bytes, *, at: datetime) -> None:
        """See the port."""
        of_token = ReviewerSessionRow.token_digest == token_digest
        self._write(update(ReviewerSessionRow).where(of_token).values(seen_us=microseconds_of(at)))

    def end_session(self, token_digest: bytes) -> None:
        """See the port."""
        self._write(delete(ReviewerSessionRow).where(ReviewerSessionRow.token_digest == token_digest))

    def end_sessions_of(self, name: str) -> None:
        """See the port."""
        self._write(delete(ReviewerSessionRow).where(ReviewerSessionRow.reviewer == name))

    def failures(self, who: bytes, *, since: datetime) -> int:
        """See the port."""
        wanted = select(func.count()).where(
            SignInFailureRow.who == who, SignInFailureRow.at_us >= microseconds_of(since)
        )
        return self._database.read(lambda connection: connection.execute(wanted).scalar_one())

    def add_failure(self, *who: bytes, at: datetime) -> None:
        """See the port."""
        self._write(insert(SignInFailureRow).values([{"who": each, "at_us": microseconds_of(at)} for each in who]))

    def purge(self, *, began_before: datetime, failed_before: datetime) -> int:
        """See the port."""
        statements = (
            delete(ReviewerSessionRow).where(ReviewerSessionRow.began_us < microseconds_of(began_before)),
            delete(SignInFailureRow).where(SignInFailureRow.at_us < microseconds_of(failed_before)),
        )
        return self._database.transaction(
            lambda connection: sum(connection.execute(each).rowcount for each in statements)
        )

    def _write(self, statement: Any) -> None:
        def run(connection: Connection) -> None:
            connection.execute(statement)

        self._stage.add(run)


def _columns(reviewer: Reviewer) -> dict[str, object]:
    return {
        "name": reviewer.name,
        "role": reviewer.role.value,
        "queues": " ".join(sorted(reviewer.queues)),
        "password_digest": reviewer.password_digest,
        "must_change": reviewer.must_change,
        "created_us": microseconds_of(reviewer.created_at),
        "disabled_us": None if reviewer.disabled_at is None else microseconds_of(reviewer.disabled_at),
        "identity": reviewer.identity,
    }


def _reviewer(row: Any) -> Reviewer:
    return Reviewer(
        name=row.name,
        role=Role(row.role),
        queues=frozenset(row.queues.split()),
        password_digest=row.password_digest,
        must_change=bool(row.must_change),
        created_at=instant_of(row.created_us),
        disabled_at=optional_instant_of(row.disabled_us),
        identity=None if row.identity is None else bytes(row.identity),
    )
