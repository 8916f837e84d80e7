"""Watches and look-backs in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, func, insert, or_, select, update

from models.linkage.marks import Mark
from service.domain.errors import ConflictError
from service.domain.watch import Watch
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.cluster_tables import ClusterRow, MemberRow
from service.storage.sql.containment_tables import LookBackRow, WatchRow
from service.storage.sql.database import Database
from service.storage.sql.records import KIND_CODES, KINDS, packed, unpacked
from service.storage.sql.staging import Stage
from service.storage.sql.upserts import write_over, write_unless_there
from service.usecases.ports_after_ban import ENDED_MEANWHILE, DueBan
from service.usecases.ports_clusters import Known

_NO_BAN_US = 0
"""When the ban of an account became known that never was: before any other."""


class SqlAfterBans:
    """See ``service.usecases.ports_after_ban.AfterBans``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def watches(self, *, now: datetime) -> Sequence[Watch]:
        """See the port."""
        statement = (
            select(WatchRow.__table__).where(WatchRow.until_us > microseconds_of(now)).order_by(WatchRow.watch_no)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(_watch_of_row, rows))

    def next_watch(self) -> int:
        """See the port."""
        statement = select(func.max(WatchRow.watch_no))
        return (self._database.read(lambda connection: connection.execute(statement).scalar_one()) or 0) + 1

    def open_watch(self, watch: Watch) -> None:
        """See the port."""
        columns = {
            "watch_no": watch.number,
            "id": watch.id,
            "cluster_no": watch.cluster,
            "keys": packed(sorted((KIND_CODES[kind], digest) for kind, digest in watch.keys)),
            "expected_share": watch.expected_share,
            "opened_us": microseconds_of(watch.opened_at),
            "until_us": microseconds_of(watch.until),
        }

        def run(connection: Connection) -> None:
            connection.execute(insert(WatchRow), columns)

        self._stage.add(run)

    def end_watch(self, watch: Watch, *, at: datetime) -> None:
        """See the port."""
        as_read = (WatchRow.watch_no == watch.number) & (WatchRow.until_us == microseconds_of(watch.until))
        ends = update(WatchRow).where(as_read).values(until_us=microseconds_of(at))

        def run(connection: Connection) -> None:
            if connection.execute(ends).rowcount != 1:
                raise ConflictError(ENDED_MEANWHILE)

        self._stage.add(run)

    def bans(self, *, limit: int) -> Sequence[DueBan]:
        """See the port."""
        not_since = or_(
            LookBackRow.signup_no.is_(None),
            LookBackRow.known_us != MemberRow.label_us,
            LookBackRow.again_us.is_not(None),
        )
        statement = (
            select(MemberRow.signup_no, MemberRow.label_us, LookBackRow.again_us, LookBackRow.reached_us)
            .outerjoin(LookBackRow, LookBackRow.signup_no == MemberRow.signup_no)
            .where(MemberRow.label.is_not(None), MemberRow.label == Mark.BANNED.value, not_since)
            .order_by(
                # New ones first: what others learn makes old ones due as often as they like.
                LookBackRow.again_us.is_not(None),
                func.coalesce(LookBackRow.again_us, MemberRow.label_us),
                MemberRow.signup_no,
            )
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            DueBan(
                Known(row.signup_no, Mark.BANNED, instant_of(row.label_us)),
                again_at=optional_instant_of(row.again_us),
                reached_at=instant_of(max(row.label_us, row.reached_us or row.label_us)),
            )
            for row in rows
        )

    def looked_back(self, due: DueBan, *, at: datetime) -> None:
        """See the port."""
        ban, done_us = due.ban, microseconds_of(at)
        known_us, again_us = microseconds_of(ban.at), None if due.again_at is None else microseconds_of(due.again_at)

        def run(connection: Connection) -> None:
            # Whoever withdraws it takes this row first: so it is either seen here, or sees what is written here.
            member = select(MemberRow.label, MemberRow.label_us).where(MemberRow.signup_no == ban.signup_no)
            stands = connection.execute(member.with_for_update()).one() == (Mark.BANNED.value, known_us)
            columns = {
                "signup_no": ban.signup_no,
                "known_us": known_us,
                "done_us": done_us,
                "corrected_us": None if stands else done_us,
                "again_us": None,
            }
            # Also when it was learnt in a transaction that has not committed yet: then this waits for it.
            write_over(connection, LookBackRow, columns, only=LookBackRow.again_us.is_not_distinct_from(again_us))

        self._stage.add(run)

    def due_again(self, ban: Known, *, reaching: bool, at: datetime) -> None:
        """See the port."""
        at_us = microseconds_of(at)
        columns = {"signup_no": ban.signup_no, "known_us": microseconds_of(ban.at), "done_us": at_us, "again_us": at_us}
        if reaching:
            columns["reached_us"] = at_us
        self._stage.add(lambda connection: write_over(connection, LookBackRow, columns))

    def withdrawn(self, ban: Known, *, at: datetime) -> None:
        """See the port."""
        at_us = microseconds_of(at)
        columns = {
            "signup_no": ban.signup_no,
            "known_us": microseconds_of(ban.at),
            "done_us": at_us,
            "corrected_us": at_us,
            "again_us": None,
            "reached_us": None,
        }
        self._stage.add(lambda connection: write_over(connection, LookBackRow, columns))

    def corrected(self, *, limit: int) -> Sequence[Known]:
        """See the port."""
        statement = (
            select(LookBackRow.signup_no, LookBackRow.corrected_us)
            .where(LookBackRow.corrected_us.is_not(None))
            .order_by(LookBackRow.corrected_us, LookBackRow.signup_no)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(Known(row.signup_no, Mark.BANNED, instant_of(row.corrected_us)) for row in rows)

    def undone(self, ban: Known) -> None:
        """See the port."""
        own = (LookBackRow.signup_no == ban.signup_no) & (LookBackRow.corrected_us == microseconds_of(ban.at))

        def run(connection: Connection) -> None:
            connection.execute(update(LookBackRow).where(own).values(corrected_us=None))

        self._stage.add(run)

    def put_off(self, signup_no: int, *, at: datetime) -> None:
        """See the port."""
        at_us = microseconds_of(at)
        columns = {"signup_no": signup_no, "known_us": _NO_BAN_US, "done_us": at_us}
        waits = update(LookBackRow).where(LookBackRow.signup_no == signup_no).values(put_off_us=at_us)

        def run(connection: Connection) -> None:
            write_unless_there(connection, LookBackRow, columns)
            connection.execute(waits)

        self._stage.add(run)

    def waiting(self, *, after_no: int, limit: int) -> Sequence[int]:
        """See the port."""
        statement = (
            select(LookBackRow.signup_no)
            .where(LookBackRow.put_off_us.is_not(None), LookBackRow.signup_no > after_no)
            .order_by(LookBackRow.signup_no)
            .limit(limit)
        )
        return self._database.read(lambda connection: connection.execute(statement).scalars().all())

    def waits_in(self, clusters: Collection[int]) -> bool:
        """See the port."""
        roots = select(ClusterRow.root_no).where(ClusterRow.cluster_no.in_(sorted(clusters)))
        statement = (
            select(LookBackRow.signup_no)
            .join(MemberRow, MemberRow.signup_no == LookBackRow.signup_no)
            .join(ClusterRow, ClusterRow.cluster_no == MemberRow.cluster_no)
            .where(
                or_(LookBackRow.put_off_us.is_not(None), LookBackRow.corrected_us.is_not(None)),
                ClusterRow.root_no.in_(roots),
            )
            .limit(1)
        )
        return self._database.read(lambda connection: connection.execute(statement).first()) is not None

    def take_up(self, cluster: int, *, at: datetime) -> None:
        """See the port."""
        of_cluster = (
            select(LookBackRow.signup_no)
            .join(MemberRow, MemberRow.signup_no == LookBackRow.signup_no)
            .join(ClusterRow, ClusterRow.cluster_no == MemberRow.cluster_no)
            .where(ClusterRow.root_no == cluster, MemberRow.label.is_distinct_from(Mark.BANNED.value))
        )
        due = of_cluster.where(LookBackRow.corrected_us.is_not(None)).limit(1)
        newest = of_cluster.order_by(LookBackRow.known_us.desc(), LookBackRow.signup_no).limit(1)
        put_off = of_cluster.where(LookBackRow.put_off_us.is_not(None))

        def run(connection: Connection) -> None:
            followed = connection.execute(due).scalar_one_or_none()
            if followed is not None:
                # Whoever follows it at this moment may have seen what is gone by now: it is taken up once more after.
                waits = {"put_off_us": microseconds_of(at)}
                connection.execute(_CHANGED.where(LookBackRow.signup_no == followed).values(waits))
                return
            number = connection.execute(newest).scalar_one_or_none()
            wait_no_more = connection.execute(put_off).scalars().all()
            connection.execute(_CHANGED.where(LookBackRow.signup_no == number).values(corrected_us=microseconds_of(at)))
            connection.execute(_CHANGED.where(LookBackRow.signup_no.in_(wait_no_more)).values(put_off_us=None))

        self._stage.add(run)


_CHANGED = update(LookBackRow)


def _watch_of_row(row: Any) -> Watch:
    return Watch(
        number=row.watch_no,
        id=row.id,
        cluster=row.cluster_no,
        keys=frozenset((KINDS[code], digest) for code, digest in unpacked(bytes(row.keys))),
        expected_share=row.expected_share,
        opened_at=instant_of(row.opened_us),
        until=instant_of(row.until_us),
    )
