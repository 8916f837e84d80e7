"""Attacks in SQL, and the watch that follows the seals of the audit record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from service.domain.attack import Attack, key_id
from service.domain.errors import ConflictError
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sights import surprises_of
from service.storage.sql.attack_tables import AttackOwnerRow, AttackRow, AttackSightRow, AttackWatchRow
from service.storage.sql.cluster_tables import MemberRow
from service.storage.sql.database import Database
from service.storage.sql.records import KIND_CODES, KINDS, unpacked
from service.storage.sql.staging import Stage
from service.storage.sql.tables import AssessmentRow, AuditEntryRow, AuditSealRow, SignupRow
from service.usecases.ports_attacks import Sight, Step
from service.usecases.ports_clusters import IdentifierKey

_MOST_QUIET = 100
_STEP_TAKEN = "Another worker has looked at these decisions meanwhile."


class SqlAttacks:
    """See ``service.usecases.ports_attacks.Attacks``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def next_step(self) -> Step | None:
        """See the port."""
        return self._database.read(_next_step)

    def advance(self, step: Step, *, at: datetime) -> None:
        """See the port."""
        del at
        sights = [_columns_of_sight(each) for each in step.sights]

        def run(connection: Connection) -> None:
            # The step is taken first: its lock makes a second worker wait, and then find it taken.
            _insert_missing(connection, AttackWatchRow, [{"id": 1, "seal_no": 0}])
            taken = connection.execute(
                update(AttackWatchRow).where(AttackWatchRow.seal_no == step.from_seal).values(seal_no=step.to_seal)
            )
            if taken.rowcount != 1:
                raise ConflictError(_STEP_TAKEN)
            _insert_missing(connection, AttackSightRow, sights)

        self._stage.add(run)

    def known(self, step: Step) -> frozenset[tuple[IdentifierKey, int]]:
        """See the port."""
        statement = select(AttackSightRow.kind, AttackSightRow.digest, AttackSightRow.signup_no).where(
            AttackSightRow.digest.in_({each.key.digest for each in step.sights}),
            AttackSightRow.signup_no.in_({each.signup_no for each in step.sights}),
        )
        if not step.sights:
            return frozenset()
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return frozenset((IdentifierKey(KINDS[kind], bytes(digest)), number) for kind, digest, number in rows)

    def corroborated(self, keys: Iterable[IdentifierKey], *, since: datetime) -> Sequence[Sight]:
        """See the port."""
        digests = [key.digest for key in keys]
        if not digests:
            return ()
        statement = (
            select(AttackSightRow.__table__)
            .where(
                AttackSightRow.digest.in_(digests),
                AttackSightRow.another_sign,
                AttackSightRow.at_us >= microseconds_of(since),
            )
            .order_by(AttackSightRow.at_us, AttackSightRow.signup_no)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(_sight_of_row, rows))

    def open(self, keys: Iterable[IdentifierKey]) -> Mapping[IdentifierKey, Attack]:
        """See the port."""
        digests = [key.digest for key in keys]
        if not digests:
            return {}
        statement = select(AttackRow.__table__).where(AttackRow.digest.in_(digests), AttackRow.ended_us.is_(None))
        return dict(self._attacks(statement))

    def start(self, key: IdentifierKey, attack: Attack) -> None:
        """See the port."""
        columns = {"id": attack.id, "digest": key.digest, "kind": KIND_CODES[attack.kind], **_columns_of_attack(attack)}

        def run(connection: Connection) -> None:
            connection.execute(insert(AttackRow), columns)
            _insert_missing(connection, AttackOwnerRow, _owners_of(attack))

        self._stage.add(run)

    def update(self, attack: Attack) -> None:
        """See the port."""
        changes = _columns_of_attack(attack)

        def run(connection: Connection) -> None:
            changed = connection.execute(
                update(AttackRow).where(AttackRow.id == attack.id, AttackRow.ended_us.is_(None)).values(changes)
            )
            if changed.rowcount != 1:
                raise ConflictError("The attack has ended meanwhile.")
            _insert_missing(connection, AttackOwnerRow, _owners_of(attack))

        self._stage.add(run)

    def quiet(self, *, before: datetime) -> Sequence[Attack]:
        """See the port."""
        statement = (
            select(AttackRow.__table__)
            .where(AttackRow.ended_us.is_(None), AttackRow.last_seen_us < microseconds_of(before))
            .order_by(AttackRow.attack_no)
            .limit(_MOST_QUIET)
        )
        return tuple(attack for _, attack in self._attacks(statement))

    def end(self, attack: Attack, *, at: datetime) -> None:
        """See the port."""
        last_seen_us = microseconds_of(attack.last_seen_at)

        def run(connection: Connection) -> None:
            ended = connection.execute(
                update(AttackRow)
                .where(AttackRow.id == attack.id, AttackRow.ended_us.is_(None), AttackRow.last_seen_us == last_seen_us)
                .values(ended_us=microseconds_of(at))
            )
            if ended.rowcount != 1:
                raise ConflictError("The attack was seen again meanwhile, or has ended.")

        self._stage.add(run)

    def forget(self, *, before: datetime) -> int:
        """See the port."""
        statement = delete(AttackSightRow).where(AttackSightRow.at_us < microseconds_of(before))
        return self._database.transaction(lambda connection: connection.execute(statement).rowcount)

    def of_owner(self, owner: str, *, limit: int = 100) -> Sequence[Attack]:
        """See the port."""
        ended = case((AttackRow.ended_us.is_(None), 0), else_=1)
        statement = (
            select(AttackRow.__table__)
            .join(AttackOwnerRow, AttackOwnerRow.attack_id == AttackRow.id)
            .where(AttackOwnerRow.owner == owner)
            .order_by(ended, AttackRow.attack_no.desc())
            .limit(limit)
        )
        return tuple(attack for _, attack in self._attacks(statement))

    def count_open(self) -> int:
        """See the port."""
        statement = select(func.count()).select_from(AttackRow).where(AttackRow.ended_us.is_(None))
        return int(self._database.read(lambda connection: connection.execute(statement).scalar_one()))

    def _attacks(self, statement: Any) -> Iterator[tuple[IdentifierKey, Attack]]:
        def read(connection: Connection) -> tuple[Sequence[Any], Sequence[Any]]:
            rows = connection.execute(statement).all()
            of = select(AttackOwnerRow.__table__).where(AttackOwnerRow.attack_id.in_([row.id for row in rows]))
            return rows, connection.execute(of).all() if rows else ()

        rows, owners = self._database.read(read)
        for row in rows:
            of_attack = frozenset(each.owner for each in owners if each.attack_id == row.id)
            yield IdentifierKey(KINDS[row.kind], bytes(row.digest)), _attack_of_row(row, of_attack)


def _next_step(connection: Connection) -> Step | None:
    from_seal = connection.execute(select(AttackWatchRow.seal_no)).scalar_one_or_none() or 0
    to_seal = connection.execute(
        select(func.min(AuditSealRow.seal_no)).where(AuditSealRow.seal_no > from_seal)
    ).scalar()
    if to_seal is None:
        return None
    rows = connection.execute(
        select(
            AssessmentRow.signup_no,
            AssessmentRow.decided_us,
            AssessmentRow.linkage,
            SignupRow.owner,
            MemberRow.identifiers,
        )
        .select_from(AuditEntryRow)
        .join(SignupRow, SignupRow.id == AuditEntryRow.subject)
        .join(AssessmentRow, AssessmentRow.signup_no == SignupRow.signup_no)
        .join(MemberRow, MemberRow.signup_no == SignupRow.signup_no)
        .where(AuditEntryRow.seal_no == to_seal, AssessmentRow.linkage.contains('"campaign":'))
        .order_by(AssessmentRow.decided_us, AssessmentRow.signup_no)
    ).all()
    return Step(from_seal, to_seal, tuple(sight for row in rows for sight in _sights_of_row(row)))


def _sights_of_row(row: Any) -> Iterator[Sight]:
    # The first of a kind: no sign-up carries two of a kind that is watched.
    digests = dict(reversed(unpacked(bytes(row.identifiers))))
    for kind, surprise, another_sign in surprises_of(json.loads(row.linkage)):
        digest = digests.get(KIND_CODES[kind])
        if digest is not None:
            at = instant_of(row.decided_us)
            yield Sight(IdentifierKey(kind, digest), row.signup_no, row.owner, at, surprise, another_sign)


def _insert_missing(connection: Connection, table: Any, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        dialect_insert = insert_sqlite if connection.dialect.name == "sqlite" else insert_postgresql
        connection.execute(dialect_insert(table).on_conflict_do_nothing(), rows)


def _columns_of_sight(sight: Sight) -> dict[str, object]:
    return {
        "digest": sight.key.digest,
        "signup_no": sight.signup_no,
        "kind": KIND_CODES[sight.key.kind],
        "owner": sight.owner,
        "at_us": microseconds_of(sight.at),
        "surprise": sight.surprise,
        "another_sign": sight.another_sign,
    }


def _sight_of_row(row: Any) -> Sight:
    return Sight(
        key=IdentifierKey(KINDS[row.kind], bytes(row.digest)),
        signup_no=row.signup_no,
        owner=row.owner,
        at=instant_of(row.at_us),
        surprise=row.surprise,
        another_sign=bool(row.another_sign),
    )


def _owners_of(attack: Attack) -> list[dict[str, object]]:
    return [{"owner": owner, "attack_id": attack.id} for owner in sorted(attack.owners)]


def _columns_of_attack(attack: Attack) -> dict[str, object]:
    return {
        "started_us": microseconds_of(attack.started_at),
        "first_seen_us": microseconds_of(attack.first_seen_at),
        "last_seen_us": microseconds_of(attack.last_seen_at),
        "signups": attack.signups,
        "surprise": attack.surprise,
    }


def _attack_of_row(row: Any, owners: frozenset[str]) -> Attack:
    kind = KINDS[row.kind]
    return Attack(
        id=row.id,
        kind=kind,
        key=key_id(kind, bytes(row.digest)),
        started_at=instant_of(row.started_us),
        first_seen_at=instant_of(row.first_seen_us),
        last_seen_at=instant_of(row.last_seen_us),
        signups=row.signups,
        surprise=row.surprise,
        owners=owners,
        ended_at=optional_instant_of(row.ended_us),
    )
