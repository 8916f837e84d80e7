"""Idempotency-Keys in SQL: claimed at once, answered with the record, given back on failure."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from service.domain.errors import StillRunningError
from service.storage.claims import CLAIM_LEASE
from service.storage.instants import microseconds_of
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.appends import answer_sql
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.tables import IdempotencyKeyRow
from service.usecases.ports_idempotency import IdempotencyClaim, StoredAnswer


class SqlIdempotencyKeys:
    """See ``service.usecases.ports_idempotency.IdempotencyKeys``."""

    def __init__(self, database: Database, stage: Stage, *, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._stage = stage
        self._pseudonyms = pseudonyms
        # What this unit of work holds: a token tells it from whoever took an abandoned claim over.
        self._tokens: dict[IdempotencyClaim, str] = {}

    def claim(self, claim: IdempotencyClaim, *, now: datetime) -> StoredAnswer | None:
        """See the port."""
        token = uuid.uuid4().hex
        answer = self._database.transaction(lambda connection: self._claim(connection, claim, token, now))
        if answer is None:
            self._tokens[claim] = token
        return answer

    def answer(self, claim: IdempotencyClaim, *, status: int, body: bytes) -> None:
        """See the port."""
        columns = self.columns_of_answer(claim, status=status, body=body, claimed_at=None)

        def run(connection: Connection) -> None:
            parameter = ":%s" if connection.dialect.name == "sqlite" else "%%(%s)s"
            connection.exec_driver_sql(answer_sql(parameter), {f"key_{name}": value for name, value in columns.items()})

        self._stage.add(run)

    def release(self, claim: IdempotencyClaim) -> None:
        """See the port."""
        key = self._pseudonyms.idempotency_keys(claim.owner, claim.key)[0]
        statement = delete(IdempotencyKeyRow).where(
            IdempotencyKeyRow.owner == claim.owner,
            IdempotencyKeyRow.key_digest == key,
            IdempotencyKeyRow.fingerprint == claim.fingerprint,
            IdempotencyKeyRow.state == "running",
        )
        token = self._tokens.pop(claim, None)
        if token is not None:
            statement = statement.where(IdempotencyKeyRow.token == token)
        self._database.transaction(lambda connection: connection.execute(statement))

    def purge(self, *, before: datetime) -> int:
        """See the port."""
        statement = delete(IdempotencyKeyRow).where(IdempotencyKeyRow.claimed_us < microseconds_of(before))
        return self._database.transaction(lambda connection: connection.execute(statement).rowcount)

    def columns_of_answer(
        self, claim: IdempotencyClaim, *, status: int, body: bytes, claimed_at: datetime | None
    ) -> dict[str, Any]:
        """The columns that answer a claim; ``claimed_at`` stands in when it was never claimed."""
        return {
            "owner": claim.owner,
            "key_digest": self._pseudonyms.idempotency_keys(claim.owner, claim.key)[0],
            "fingerprint": claim.fingerprint,
            "status": status,
            "body": body,
            "claimed_us": 0 if claimed_at is None else microseconds_of(claimed_at),
            "token": self._tokens.get(claim, ""),
        }

    def _claim(self, connection: Connection, claim: IdempotencyClaim, token: str, now: datetime) -> StoredAnswer | None:
        newest, *older = self._pseudonyms.idempotency_keys(claim.owner, claim.key)
        for digest in older:
            answer = self._held(connection, claim.owner, digest, now)
            if answer is not None:
                return answer
        if self._take(connection, claim, newest, token, now):
            return None
        answer = self._held(connection, claim.owner, newest, now)
        if answer is None:
            raise StillRunningError("The first request with this Idempotency-Key has just given it back; try again.")
        return answer

    @staticmethod
    def _take(connection: Connection, claim: IdempotencyClaim, digest: bytes, token: str, now: datetime) -> bool:
        columns = {
            "owner": claim.owner,
            "key_digest": digest,
            "fingerprint": claim.fingerprint,
            "state": "running",
            "claimed_us": microseconds_of(now),
            "token": token,
        }
        taken_over = {name: columns[name] for name in ("fingerprint", "claimed_us", "token")}
        abandoned = (IdempotencyKeyRow.state == "running") & (
            IdempotencyKeyRow.claimed_us < microseconds_of(now - CLAIM_LEASE)
        )
        insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        statement = (
            insert(IdempotencyKeyRow)
            .values(columns)
            .on_conflict_do_update(index_elements=["owner", "key_digest"], set_=taken_over, where=abandoned)
            .returning(IdempotencyKeyRow.token)
        )
        return connection.execute(statement).scalar_one_or_none() == token

    @staticmethod
    def _held(connection: Connection, owner: str, digest: bytes, now: datetime) -> StoredAnswer | None:
        """The answer of a key, ``None`` when it is free.

        Raises:
            StillRunningError: somebody holds it.
        """
        row = connection.execute(
            select(IdempotencyKeyRow.__table__).where(
                IdempotencyKeyRow.owner == owner, IdempotencyKeyRow.key_digest == digest
            )
        ).first()
        if row is None:
            return None
        if row.state == "answered":
            return StoredAnswer(status=row.status, body=bytes(row.body), fingerprint=bytes(row.fingerprint))
        if row.claimed_us < microseconds_of(now - CLAIM_LEASE):
            return None
        raise StillRunningError("The first request with this Idempotency-Key has not finished.")
