"""The unit of work in SQL: reads at once, staged writes in one transaction at commit."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from service.domain.errors import ConflictError, StillRunningError
from service.storage.encryption import Encryption
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.after_bans import SqlAfterBans
from service.storage.sql.api_keys import SqlApiKeys
from service.storage.sql.audit import SqlAuditTrail
from service.storage.sql.clusters import SqlClusters
from service.storage.sql.containments import SqlContainments
from service.storage.sql.database import Database
from service.storage.sql.events import SqlEvents
from service.storage.sql.idempotency import SqlIdempotencyKeys
from service.storage.sql.ledger import SqlLedger
from service.storage.sql.outcomes import SqlOutcomes
from service.storage.sql.policies import SqlPolicies
from service.storage.sql.roll_ups import SqlRollUps
from service.storage.sql.staging import Stage, StagedWrite
from service.usecases.ports import AlreadyRecordedError


class SqlUnitOfWork:
    """See ``service.usecases.ports.UnitOfWork``."""

    def __init__(self, database: Database, *, encryption: Encryption, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._stage = Stage()
        self._idempotency = SqlIdempotencyKeys(database, self._stage, pseudonyms=pseudonyms)
        self._ledger = SqlLedger(database, self._stage, self._idempotency, encryption=encryption, pseudonyms=pseudonyms)
        self._keys = SqlApiKeys(database, self._stage)
        self._policies = SqlPolicies(database, self._stage)
        self._audit = SqlAuditTrail(database, self._stage)
        self._events = SqlEvents(database, self._stage)
        self._clusters = SqlClusters(database, self._stage, pseudonyms=pseudonyms)
        self._after_bans = SqlAfterBans(database, self._stage)
        self._containments = SqlContainments(database, self._stage)
        self._outcomes = SqlOutcomes(database, self._stage)
        self._roll_ups = SqlRollUps(database)

    @property
    def ledger(self) -> SqlLedger:
        """Recorded sign-ups."""
        return self._ledger

    @property
    def idempotency(self) -> SqlIdempotencyKeys:
        """Idempotency-Keys."""
        return self._idempotency

    @property
    def keys(self) -> SqlApiKeys:
        """API keys."""
        return self._keys

    @property
    def policies(self) -> SqlPolicies:
        """Policy documents."""
        return self._policies

    @property
    def audit(self) -> SqlAuditTrail:
        """The audit record."""
        return self._audit

    @property
    def events(self) -> SqlEvents:
        """The outbox."""
        return self._events

    @property
    def clusters(self) -> SqlClusters:
        """Who belongs together, and what is known of whom."""
        return self._clusters

    @property
    def after_bans(self) -> SqlAfterBans:
        """Watches and look-backs."""
        return self._after_bans

    @property
    def containments(self) -> SqlContainments:
        """What is held of clusters."""
        return self._containments

    @property
    def outcomes(self) -> SqlOutcomes:
        """What turned out to be true."""
        return self._outcomes

    @property
    def roll_ups(self) -> SqlRollUps:
        """Daily roll-ups."""
        return self._roll_ups

    def commit(self) -> None:
        """See the port."""
        writes = self._stage.take()
        if not writes:
            return
        try:
            if len(writes) == 1 and writes[0].alone:
                self._database.write_alone(writes[0].run)
            else:
                self._database.transaction(lambda connection: _run_all(connection, writes))
        except IntegrityError as error:
            raise _refusal_of(error) from error
        self._ledger.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.take()


def _run_all(connection: Connection, writes: Sequence[StagedWrite]) -> None:
    for each in writes:
        each.run(connection)


# Constraints by the names that PostgreSQL and SQLite report.
_RECORDED = ("uq_signups_owner_signup_id", "uq_signups_id", "signups.owner, signups.signup_id", "signups.id")
_LOST_CLAIM = ("ck_idempotency_keys_state",)
_CONFLICTS = (
    (
        ("pk_outcomes", "outcomes.signup_no, outcomes.ordinal"),
        "Another outcome of this sign-up was recorded at the same moment; try again.",
    ),
    (
        ("pk_containments", "containments.containment_no"),
        "Another containment was opened at the same moment; try again.",
    ),
    (("pk_watches", "watches.watch_no"), "Another watch was opened at the same moment; try again."),
    (
        ("pk_policies", "policies.version"),
        "Another policy was added at the same moment; look at it and add yours again.",
    ),
)


def _refusal_of(error: IntegrityError) -> Exception:
    """What a violated constraint means."""
    named = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or str(error.orig)
    if named.endswith(_RECORDED):
        return AlreadyRecordedError("the sign-up is recorded already")
    if named.endswith(_LOST_CLAIM):
        return StillRunningError("Another request holds this Idempotency-Key by now.")
    for constraints, text in _CONFLICTS:
        if named.endswith(constraints):
            return ConflictError(text)
    return error
