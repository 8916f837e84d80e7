"""Daily roll-ups in SQL: how many links an identifier had on each day, counted once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from models.linkage.velocity import DAY_US, PAST_KINDS, day_of
from service.storage.sql.database import Database
from service.storage.sql.records import KIND_CODES
from service.storage.sql.tables import DailyCountRow, LinkRow, RollUpRow, SignupRow

EVERYBODY = b""
"""Stands in the place of a digest for all sign-ups of a day; no digest is empty."""

_NO_KIND = 0
_ROWS_A_STATEMENT = 1_000
_KINDS = tuple(sorted(KIND_CODES[kind] for kind in PAST_KINDS))


@dataclass(frozen=True, slots=True)
class _Span:
    """The days of recording that one roll-up takes in, the last one excluded."""

    from_day: int
    until_day: int


@dataclass(frozen=True, slots=True)
class _Count:
    digest: bytes
    kind: int
    day: int
    count: int


class SqlRollUps:
    """See ``service.usecases.ports.RollUps``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def roll_up(self, *, before: datetime) -> bool:
        """See the port.

        The links of the day are found by reading all of them, once a day: an index for it would cost every
        sign-up twenty entries.
        """
        before_day = day_of(before)
        span = self._database.read(lambda connection: _next_span(connection, before_day))
        if span is None:
            return False
        counts = self._counts(span)
        try:
            self._database.transaction(lambda connection: _write(connection, span, counts))
        except IntegrityError:
            # Another worker rolled the same day up; whoever asks again sees what is left.
            return True
        return True

    def _counts(self, span: _Span) -> Sequence[_Count]:
        if self._database.on_sqlite:
            return self._database.read(lambda connection: _counted(connection, span))

        def patiently(connection: Connection) -> Sequence[_Count]:
            # Nobody waits for the worker, and it reads more than a request may.
            connection.exec_driver_sql("SET LOCAL statement_timeout = '600s'")
            return _counted(connection, span)

        return self._database.transaction(patiently)


def _next_span(connection: Connection, before_day: int) -> _Span | None:
    """The first day of recording that is not rolled up, with the empty days before it."""
    from_day = connection.execute(select(func.max(RollUpRow.until_day))).scalar_one() or 0
    if from_day >= before_day:
        return None
    earliest = select(func.min(SignupRow.recorded_us)).where(SignupRow.recorded_us >= from_day * DAY_US)
    first_us = connection.execute(earliest).scalar_one()
    until_day = before_day if first_us is None else min(before_day, first_us // DAY_US + 1)
    return _Span(from_day, until_day)


def _counted(connection: Connection, span: _Span) -> Sequence[_Count]:
    start, end = span.from_day * DAY_US, span.until_day * DAY_US
    of_links = connection.execute(
        select(LinkRow.digest, LinkRow.kind, LinkRow.occurred_us.op("/")(DAY_US).label("day"), func.count())
        .where(LinkRow.recorded_us >= start, LinkRow.recorded_us < end)
        .where(LinkRow.kind.in_(_KINDS), LinkRow.occurred_us >= 0)
        .group_by(LinkRow.digest, LinkRow.kind, "day")
    ).all()
    of_everybody = connection.execute(
        select(SignupRow.occurred_us.op("/")(DAY_US).label("day"), func.count())
        .where(SignupRow.recorded_us >= start, SignupRow.recorded_us < end, SignupRow.occurred_us >= 0)
        .group_by("day")
    ).all()
    return [
        *(_Count(bytes(digest), kind, day, count) for digest, kind, day, count in of_links),
        *(_Count(EVERYBODY, _NO_KIND, day, count) for day, count in of_everybody),
    ]


def _write(connection: Connection, span: _Span, counts: Sequence[_Count]) -> None:
    connection.execute(insert(RollUpRow), {"from_day": span.from_day, "until_day": span.until_day})
    rows = [
        {"digest": each.digest, "kind": each.kind, "day": each.day, "count": each.count, "until_day": span.until_day}
        for each in counts
    ]
    for at in range(0, len(rows), _ROWS_A_STATEMENT):
        connection.execute(insert(DailyCountRow), rows[at : at + _ROWS_A_STATEMENT])
