"""Containments in SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import (
    Connection,
    Executable,
    case,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from service.domain.containment import (
    Containment,
    ContainmentState,
    Done,
    InCore,
    Looked,
    Progress,
    Role,
    Task,
    Touched,
)
from service.domain.errors import ConflictError
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql import (
    declined_containments,
    judged_clusters,
    parted_containments,
    released_members,
    touched_members,
)
from service.storage.sql.cluster_tables import ClusterRow
from service.storage.sql.containment_rows import columns_of, containment_of_row, task_of_row, touched_of_row
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.database import Database
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.staging import Stage

_TO_BE_DONE = text("progress IN (1, 4)")
"""As the index of what is to be done has it: with parameters it would not be found."""


class SqlContainments:
    """See ``service.usecases.ports_containments.Containments``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def next_number(self) -> int:
        """See the port."""
        statement = select(func.max(ContainmentRow.containment_no))
        return (self._database.read(lambda connection: connection.execute(statement).scalar_one()) or 0) + 1

    def of_cluster(self, cluster: int) -> Sequence[Containment]:
        """See the port."""
        root = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster).scalar_subquery()
        statement = (
            select(ContainmentRow.__table__)
            .join(ClusterRow, ClusterRow.cluster_no == ContainmentRow.cluster_no)
            .where(ClusterRow.root_no == root)
            .order_by(ContainmentRow.containment_no.desc())
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(containment_of_row, rows))

    def touching(self, cluster: int) -> Sequence[Containment]:
        """See the port."""
        statement = parted_containments.touching(cluster)
        return tuple(map(containment_of_row, self._database.read(lambda found: found.execute(statement).all())))

    def waiting(self) -> Sequence[Containment]:
        """See the port."""
        statement = (
            select(ContainmentRow.__table__)
            .where(ContainmentRow.state == ContainmentState.PENDING.value)
            .order_by(ContainmentRow.containment_no)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(containment_of_row, rows))

    def released(self, *, since: datetime) -> Sequence[Containment]:
        """See the port."""
        statement = (
            select(ContainmentRow.__table__)
            .where(ContainmentRow.released_us >= microseconds_of(since))
            .order_by(ContainmentRow.containment_no)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(containment_of_row, rows))

    def touched(self, number: int, *, after_no: int = 0, limit: int | None = None) -> Sequence[Touched]:
        """See the port."""
        statement = (
            select(ContainedRow.__table__)
            .where(ContainedRow.containment_no == number, ContainedRow.signup_no > after_no)
            .order_by(ContainedRow.signup_no)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(touched_of_row, rows))

    def standing_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """See the port."""
        return self._among(signup_nos, Role.CORE, (ContainmentState.PENDING, ContainmentState.STANDING))

    def asked_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """See the port."""
        return self._among(signup_nos, Role.LEAF, (ContainmentState.PENDING, ContainmentState.STANDING))

    def released_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """See the port."""
        return self._among(
            signup_nos, Role.CORE, (ContainmentState.RELEASED,), declined_containments.COUNTS_AS_RELEASED
        )

    def released_at(self, signup_nos: Collection[int]) -> Mapping[int, datetime]:
        """See the port."""

        def read(connection: Connection) -> dict[int, datetime]:
            newest = (
                select(ContainedRow.signup_no, func.max(ContainmentRow.released_us))
                .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
                .where(
                    ContainedRow.role == Role.CORE.value,
                    ContainmentRow.state == ContainmentState.RELEASED.value,
                    ContainedRow.signup_no.in_(numbers_of(connection, signup_nos)),
                    declined_containments.COUNTS_AS_RELEASED,
                )
                .group_by(ContainedRow.signup_no)
            )
            return {number: instant_of(at_us) for number, at_us in connection.execute(newest) if at_us is not None}

        return self._database.read(read) if signup_nos else {}

    def cores(self, *, at: datetime) -> Sequence[InCore]:
        """See the port."""
        opened = (
            select(ContainmentRow.__table__)
            .where(ContainmentRow.opened_us <= microseconds_of(at))
            .order_by(ContainmentRow.containment_no)
        )
        touched = select(ContainedRow.signup_no).where(ContainedRow.role == Role.CORE.value)

        def read(connection: Connection) -> dict[int, InCore]:
            found: dict[int, InCore] = {}
            for containment in map(containment_of_row, connection.execute(opened).all()):
                since = containment.stands_since
                if since is None or not containment.stood_at(at):
                    continue
                core = touched.where(ContainedRow.containment_no == containment.number)
                for number in connection.execute(core).scalars():
                    found.setdefault(number, InCore(number, containment.id, since))
            return found

        found = self._database.read(read)
        return tuple(found[number] for number in sorted(found))

    def open(self, containment: Containment, touched: Sequence[Touched]) -> None:
        """See the port."""
        columns = columns_of(containment)

        def run(connection: Connection) -> None:
            connection.execute(insert(ContainmentRow), columns)
            touched_members.write(connection, containment.number, touched)

        self._stage.add(run)

    def part(self, number: int, fresh: Containment, signup_nos: Collection[int], *, carried: Mapping[int, int]) -> None:
        """See the port."""
        columns = columns_of(fresh)

        def run(connection: Connection) -> None:
            parted_containments.part(connection, number, fresh, columns, signup_nos)
            # Whoever learns something and has it held for this containment waits for its row, or was first.
            parted_containments.are_as_read(connection, carried)

        self._stage.add(run)

    def touch(self, number: int, touched: Touched) -> None:
        """See the port."""
        self._stage.add(lambda connection: touched_members.touch(connection, number, touched))

    def confirm(self, confirmed: Containment, *, without: Collection[int] = ()) -> None:
        """See the port."""
        values = {
            "state": ContainmentState.STANDING.value,
            "core": confirmed.core,
            "leaves": confirmed.leaves,
            "confirmed_us": None if confirmed.confirmed_at is None else microseconds_of(confirmed.confirmed_at),
            "confirmed_by": confirmed.confirmed_by,
        }
        self._stage.add(_moving(confirmed.number, (ContainmentState.PENDING,), values))

        def run(connection: Connection) -> None:
            left_out = ContainedRow.signup_no.in_(numbers_of(connection, without))
            connection.execute(delete(ContainedRow).where(ContainedRow.containment_no == confirmed.number, left_out))

        if without:
            self._stage.add(run)

    def release(self, number: int, *, at: datetime, by: str) -> None:
        """See the port."""
        values = {"state": ContainmentState.RELEASED.value, "released_us": microseconds_of(at), "released_by": by}
        self._stage.add(_moving(number, (ContainmentState.PENDING, ContainmentState.STANDING), values))
        # A leaf that became part of the core waits again, and has been changed all the same.
        waits_again = (ContainedRow.progress == Progress.WAITING.value) & ContainedRow.made_id.is_not(None)
        going_on = ContainedRow.progress.in_([Progress.CHANGED.value, Progress.RESTORING.value])
        changed = going_on | waits_again
        restoring = case((changed, Progress.RESTORING.value), else_=Progress.RESTORED.value)

        def run(connection: Connection) -> None:
            of_containment = ContainedRow.containment_no == number
            connection.execute(update(ContainedRow).where(of_containment).values(progress=restoring))

        self._stage.add(run)

    def decline(self, number: int, *, at: datetime, by: str) -> None:
        """See the port."""
        self._stage.add(lambda connection: declined_containments.decline(connection, number, microseconds_of(at), by))

    def still_wait(self, numbers: Collection[int]) -> None:
        """See the port."""
        if numbers:
            self._stage.add(lambda connection: declined_containments.still_wait(connection, numbers))

    def look_again_at(self, numbers: Sequence[int], *, cluster: int, since: datetime, held_by: Collection[int]) -> None:
        """See the port."""
        statement = released_members.touched_meanwhile(numbers, cluster, since, held_by)
        self._stage.add(lambda connection: _executed(connection, statement))

    def look_again_at_touched(self, number: int) -> None:
        """See the port."""
        statement = released_members.touched_to_no_effect(number)
        self._stage.add(lambda connection: _executed(connection, statement))

    def give_back_again(self, signup_no: int) -> None:
        """See the port."""
        self._stage.add(lambda connection: released_members.give_back_again(connection, signup_no))

    def undone(self, signup_nos: Collection[int]) -> Mapping[str, str]:
        """See the port."""

        def read(connection: Connection) -> dict[str, str]:
            statement = (
                select(ContainedRow.made_id, ContainedRow.before_id)
                .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
                .where(
                    ContainedRow.signup_no.in_(numbers_of(connection, signup_nos)),
                    ContainedRow.made_id.is_not(None),
                    ContainmentRow.state == ContainmentState.RELEASED.value,
                )
            )
            return {row.made_id: row.before_id for row in connection.execute(statement)}

        return self._database.read(read) if signup_nos else {}

    def made(self, signup_nos: Collection[int]) -> frozenset[str]:
        """See the port."""

        def read(connection: Connection) -> frozenset[str]:
            statement = (
                select(ContainedRow.made_id)
                .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
                .where(
                    ContainedRow.signup_no.in_(numbers_of(connection, signup_nos)),
                    ContainedRow.made_id.is_not(None),
                    ContainmentRow.state == ContainmentState.STANDING.value,
                )
            )
            return frozenset(each for each in connection.execute(statement).scalars() if each is not None)

        return self._database.read(read) if signup_nos else frozenset()

    def stands_as(self, signup_no: int, made_id: str, copy_id: str) -> None:
        """See the port."""
        made = (ContainedRow.signup_no == signup_no) & (ContainedRow.made_id == made_id)

        def run(connection: Connection) -> None:
            connection.execute(update(ContainedRow).where(made).values(made_id=copy_id))

        self._stage.add(run)

    def tasks(self, *, limit: int) -> Sequence[Task]:
        """See the port."""
        statement = (
            select(ContainedRow.__table__, ContainmentRow.id, ContainmentRow.released_us)
            .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
            .where(
                _TO_BE_DONE,
                ContainmentRow.state != ContainmentState.PENDING.value,
            )
            .order_by(ContainedRow.containment_no, ContainedRow.signup_no)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(task_of_row, rows))

    def looks_owed(self, signup_nos: Collection[int]) -> Sequence[Task]:
        """See the port."""

        def read(connection: Connection) -> Sequence[Any]:
            return connection.execute(released_members.looks_owed(connection, signup_nos)).all()

        return tuple(map(task_of_row, self._database.read(read))) if signup_nos else ()

    def done(self, done: Sequence[Done]) -> None:
        """See the port."""
        ordered = sorted(
            done, key=lambda each: (each.task.containment, each.task.progress, each.task.touched.signup_no)
        )

        def run(connection: Connection) -> None:
            for (number, progress), group in groupby(ordered, lambda each: (each.task.containment, each.task.progress)):
                touched_members.take(connection, number, progress, list(group))

        if ordered:
            self._stage.add(run)

    def due(self, *, judged_from: int, failed_from: int, limit: int) -> Sequence[Looked]:
        """See the port."""
        looks = self._database.read(judged_clusters.looks)
        due = (
            seen
            for seen, judged in looks
            if seen.is_due_after(judged, judged_from=judged_from, failed_from=failed_from)
        )
        return tuple(islice(due, limit))

    def judged(self, looked: Looked, *, at: datetime) -> None:
        """See the port."""
        self._stage.add(lambda connection: judged_clusters.judged(connection, looked, microseconds_of(at)))

    def judge_again(self, clusters: Collection[int], *, since: datetime) -> None:
        """See the port."""
        since_us = microseconds_of(since)
        self._stage.add(lambda connection: declined_containments.judge_again(connection, clusters, since_us))

    def _among(
        self, signup_nos: Collection[int], role: Role, states: Sequence[ContainmentState], *further: Any
    ) -> frozenset[int]:
        def read(connection: Connection) -> frozenset[int]:
            wanted = (
                select(ContainedRow.signup_no)
                .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
                .where(
                    ContainedRow.role == role.value,
                    ContainmentRow.state.in_([state.value for state in states]),
                    ContainedRow.signup_no.in_(numbers_of(connection, signup_nos)),
                    *further,
                )
            )
            return frozenset(connection.execute(wanted).scalars())

        return self._database.read(read)


def _executed(connection: Connection, statement: Executable) -> None:
    connection.execute(statement)


def _moving(number: int, states: Sequence[ContainmentState], values: dict[str, Any]) -> Callable[[Connection], None]:
    def run(connection: Connection) -> None:
        standing = ContainmentRow.state.in_([state.value for state in states])
        moved = connection.execute(
            update(ContainmentRow).where(ContainmentRow.containment_no == number, standing).values(values)
        ).rowcount
        if moved != 1:
            raise ConflictError("The containment is no longer as it was; look at it again.")

    return run
