"""Likenesses of banned accounts in SQL."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, func, insert, literal_column, select, update

from models.linkage.marks import Mark
from service.domain.containment import ContainmentState, Role
from service.domain.habits import HABIT_KINDS
from service.domain.likeness import Drawn, Likeness, Weights
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.cluster_tables import MemberRow
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.database import Database
from service.storage.sql.likeness_tables import LikenessRow
from service.storage.sql.staging import Stage

_HABIT = struct.Struct(">B16sf")
_CODES = {kind: code for code, kind in enumerate(HABIT_KINDS)}


class SqlLikenesses:
    """See ``service.usecases.ports_likenesses.Likenesses``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def fallen(self, *, since: datetime, limit: int) -> Sequence[int]:
        """See the port."""
        since_us = microseconds_of(since)
        banned = select(MemberRow.signup_no).where(
            MemberRow.label.is_not(None), MemberRow.label == Mark.BANNED.value, MemberRow.label_us >= since_us
        )
        contained = (
            select(ContainedRow.signup_no)
            .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
            .where(
                ContainmentRow.state == ContainmentState.STANDING.value,
                func.coalesce(ContainmentRow.confirmed_us, ContainmentRow.opened_us) >= since_us,
                ContainedRow.role == Role.CORE.value,
            )
        )
        # Neither sorted nor limited here, so that both are read from the small indexes of labels and failures.
        failed = select(MemberRow.signup_no).where(
            MemberRow.proof == literal_column(str(Mark.FAILED.value)),
            MemberRow.label.is_(None),
            MemberRow.occurred_us >= since_us,
        )
        statements = (banned, failed, contained.order_by(ContainedRow.signup_no.desc()).limit(limit))

        def read(connection: Connection) -> set[int]:
            return {number for statement in statements for number in connection.execute(statement).scalars()}

        return tuple(sorted(self._database.read(read), reverse=True)[:limit])

    def standing(self, *, now: datetime) -> Likeness | None:
        """See the port."""
        newest = (
            select(LikenessRow.__table__)
            .where(LikenessRow.until_us > microseconds_of(now))
            .order_by(LikenessRow.likeness_no.desc())
            .limit(1)
        )
        row = self._database.read(lambda connection: connection.execute(newest).one_or_none())
        return None if row is None else _likeness_of_row(row)

    def drawn(self, *, since: datetime) -> Sequence[Drawn]:
        """See the port."""
        statement = select(LikenessRow.expected_share, LikenessRow.drawn_us, LikenessRow.until_us).where(
            LikenessRow.until_us > microseconds_of(since)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(Drawn(row.expected_share, instant_of(row.drawn_us), instant_of(row.until_us)) for row in rows)

    def next_number(self) -> int:
        """See the port."""
        newest = select(func.max(LikenessRow.likeness_no))
        return (self._database.read(lambda connection: connection.execute(newest).scalar_one()) or 0) + 1

    def draw(self, likeness: Likeness) -> None:
        """See the port."""
        columns = {
            "likeness_no": likeness.number,
            "id": likeness.id,
            "weights": _packed(likeness.weights),
            "absent": likeness.weights.absent,
            "banned": likeness.banned,
            "before_no": likeness.before_no,
            "line": likeness.line,
            "back_line": likeness.back_line,
            "expected_share": likeness.expected_share,
            "drawn_us": microseconds_of(likeness.drawn_at),
            "until_us": microseconds_of(likeness.until),
        }

        def run(connection: Connection) -> None:
            _end(connection, columns["drawn_us"])
            connection.execute(insert(LikenessRow), columns)

        self._stage.add(run)

    def end(self, *, at: datetime) -> None:
        """See the port."""
        self._stage.add(lambda connection: _end(connection, microseconds_of(at)))


def _end(connection: Connection, at_us: Any) -> None:
    standing = update(LikenessRow).where(LikenessRow.until_us > at_us)
    connection.execute(standing.values(until_us=at_us, weights=b""))


def _packed(weights: Weights) -> bytes:
    return b"".join(
        _HABIT.pack(_CODES[kind], digest, weight) for (kind, digest), weight in sorted(weights.of_habit.items())
    )


def _likeness_of_row(row: Any) -> Likeness:
    habits = {(HABIT_KINDS[code], digest): weight for code, digest, weight in _HABIT.iter_unpack(row.weights)}
    return Likeness(
        number=row.likeness_no,
        id=row.id,
        weights=Weights(habits, row.absent),
        banned=row.banned,
        before_no=row.before_no,
        line=row.line,
        back_line=row.back_line,
        expected_share=row.expected_share,
        drawn_at=instant_of(row.drawn_us),
        until=instant_of(row.until_us),
    )
