"""Who stands in front in the reviewers' queue, in SQL: a few statements a batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, case, func, literal_column, null, or_, select, text, update
from sqlalchemy.orm import aliased

from service.domain.case import ONE_SIGNUP, CaseKind, CaseState
from service.storage.sql.case_rows import case_of_row
from service.storage.sql.case_tables import QUEUED, UNRESOLVED, CaseRow
from service.storage.sql.cluster_tables import ClusterRow, MemberRow
from service.storage.sql.database import Database
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.staging import Stage
from service.storage.sql.tables import SignupRow
from service.usecases.ports_gathering import OfCluster, Placed

_A_STATEMENT = 500
"""Cases that one statement places: each is compared with as many, and takes some parameters."""

# Written out, not as parameters: only then do the planners recognise the partial indexes.
_UNRESOLVED, _QUEUED = text(UNRESOLVED), text(QUEUED)
_RESOLVED: Any = literal_column(f"'{CaseState.RESOLVED.value}'")
_OF_REVIEW = text(f"kind = '{CaseKind.REVIEW.value}'")


class SqlGathering:
    """See ``service.usecases.ports_gathering.Gathering``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def ungathered(self, *, limit: int) -> Sequence[OfCluster]:
        """See the port."""
        some = select(CaseRow.__table__).where(_UNRESOLVED, _OF_REVIEW, CaseRow.cluster.is_(None))
        return self._with_clusters(some.where(CaseRow.subject.startswith(ONE_SIGNUP)), limit)

    def left_behind(self, *, limit: int) -> Sequence[OfCluster]:
        """See the port."""
        # By the few that are stood behind: a look at the case in front of each of many would cost as many looks.
        crowds = (
            select(CaseRow.behind, CaseRow.queue)
            .where(_UNRESOLVED, CaseRow.behind.is_not(None))
            .group_by(CaseRow.behind, CaseRow.queue)
            .subquery()
        )
        front, follower = aliased(CaseRow.__table__), CaseRow.__table__
        left = (
            select(crowds.c.behind, crowds.c.queue)
            .join(front, front.c.id == crowds.c.behind)
            .where(
                or_(
                    front.c.state == CaseState.RESOLVED.value,
                    front.c.behind.is_not(None),
                    front.c.queue != crowds.c.queue,
                )
            )
            .limit(limit)
        )
        pairs = self._rows(left)
        found: list[OfCluster] = []
        for behind, queue in pairs:
            some = select(follower).where(_UNRESOLVED, CaseRow.behind == behind, CaseRow.queue == queue)
            found += self._with_clusters(some, limit - len(found))
            if len(found) >= limit:
                break
        return tuple(found)

    def fronts(self, clusters: Collection[int]) -> Sequence[OfCluster]:
        """See the port."""
        merged = select(ClusterRow.cluster_no, ClusterRow.root_no).where(
            ClusterRow.root_no.in_(sorted(clusters)), text("root_no <> cluster_no")
        )
        roots = {number: number for number in clusters} | {row[0]: row[1] for row in self._rows(merged)}
        numbers = sorted(roots)
        found: list[Any] = []
        for at in range(0, len(numbers), _A_STATEMENT):
            some = numbers[at : at + _A_STATEMENT]
            found += self._rows(select(CaseRow.__table__).where(_QUEUED, CaseRow.cluster.in_(some)))
        return tuple(OfCluster(case_of_row(row), roots[row.cluster]) for row in found)

    def miscounted(self, *, limit: int) -> Sequence[str]:
        """See the port. Those that stand for one only, which most do, are looked at where somebody stands behind."""
        front, follower = aliased(CaseRow.__table__), CaseRow.__table__
        crowds = (
            select(CaseRow.behind, func.count().label("number"))
            .where(_UNRESOLVED, CaseRow.behind.is_not(None))
            .group_by(CaseRow.behind)
            .subquery()
        )
        wrong = (
            select(front.c.id)
            .join(crowds, crowds.c.behind == front.c.id)
            .where(front.c.state != _RESOLVED, front.c.size != crowds.c.number + 1)
        )
        behind = select(follower.c.id).where(_UNRESOLVED, follower.c.behind == front.c.id)
        alone = select(front.c.id).where(
            front.c.state != _RESOLVED,
            front.c.behind.is_(None),
            front.c.cluster.is_not(None),
            front.c.size > 1,
            ~behind.exists(),
        )
        return tuple(row[0] for each in (wrong, alone) for row in self._rows(each.limit(limit)))

    def place(self, placed: Sequence[Placed], *, recounted: Collection[str]) -> None:
        """See the port."""
        if placed or recounted:
            self._stage.add(lambda connection: _place(connection, placed, recounted))

    def scatter(self, signup_nos: Collection[int]) -> None:
        """See the port."""
        self._stage.add(lambda connection: _scatter(connection, signup_nos))

    def _with_clusters(self, some: Any, limit: int) -> list[OfCluster]:
        cases = some.subquery()
        wanted = (
            select(cases, ClusterRow.root_no)
            .join(SignupRow, SignupRow.id == cases.c.record_id)
            .join(MemberRow, MemberRow.signup_no == SignupRow.signup_no)
            .join(ClusterRow, ClusterRow.cluster_no == MemberRow.cluster_no)
            .order_by(cases.c.case_no)
            .limit(limit)
        )
        return [OfCluster(case_of_row(row), row.root_no) for row in self._rows(wanted)]

    def _rows(self, statement: Any) -> Sequence[Any]:
        return self._database.read(lambda connection: connection.execute(statement).all())


def _scatter(connection: Connection, signup_nos: Collection[int]) -> None:
    """A few thousand sign-ups at most part at once; hardly any of them has a case."""
    own = (
        select(CaseRow.id)
        .join(SignupRow, SignupRow.id == CaseRow.record_id)
        .where(SignupRow.signup_no.in_(numbers_of(connection, signup_nos)), _UNRESOLVED, CaseRow.cluster.is_not(None))
    )
    ids = sorted(connection.execute(own).scalars())
    for at in range(0, len(ids), _A_STATEMENT):
        some = ids[at : at + _A_STATEMENT]
        parted = or_(CaseRow.id.in_(some), CaseRow.behind.in_(some))
        connection.execute(update(CaseRow).where(_UNRESOLVED, parted).values(cluster=null(), behind=null()))


def _place(connection: Connection, placed: Sequence[Placed], recounted: Collection[str]) -> None:
    if connection.dialect.name != "sqlite":
        # In one order, so that two who place many never wait for each other.
        ids = sorted({*(each.case.id for each in placed), *recounted})
        locking = select(CaseRow.case_no).where(CaseRow.id.in_(ids)).order_by(CaseRow.case_no)
        connection.execute(locking.with_for_update(key_share=True)).all()
    for at in range(0, len(placed), _A_STATEMENT):
        some = placed[at : at + _A_STATEMENT]
        behind = {each.case.id: each.behind for each in some if each.behind is not None}
        connection.execute(
            update(CaseRow)
            .where(CaseRow.id.in_([each.case.id for each in some]), _UNRESOLVED)
            .values(
                cluster=case({each.case.id: each.cluster for each in some}, value=CaseRow.id),
                behind=case(behind, value=CaseRow.id, else_=null()) if behind else null(),
            )
        )
    follower = aliased(CaseRow.__table__)
    number = select(func.count()).where(follower.c.behind == CaseRow.id, follower.c.state != _RESOLVED)
    counted = number.correlate(CaseRow.__table__).scalar_subquery() + 1
    if recounted:
        connection.execute(update(CaseRow).where(CaseRow.id.in_(sorted(recounted))).values(size=counted))
