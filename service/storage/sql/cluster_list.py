"""Clusters in SQL as the reviewers' pages read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, Subquery, case, func, literal, or_, select, text

from models.linkage.identifier import Strength, strength_of
from models.linkage.marks import Mark
from service.domain.containment import ContainmentState
from service.domain.decision import Decision
from service.domain.outcome import Label, Outcome
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.case_tables import UNRESOLVED, CaseRow
from service.storage.sql.cluster_tables import ClusterRow, MemberRow
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.database import Database
from service.storage.sql.outcome_tables import OutcomeRow
from service.storage.sql.outcomes import outcome_of_row
from service.storage.sql.records import KINDS, unpacked
from service.storage.sql.tables import AssessmentRow, SignupRow
from service.usecases.ports_cluster_list import (
    Carrier,
    ClusterOrder,
    ClusterQuery,
    ClusterState,
    ListedCluster,
    Moment,
    Standing,
)

_TYING = {code: kind for code, kind in KINDS.items() if strength_of(kind) is not Strength.WEAK}
_NUMBERS_A_STATEMENT = 500
_NOBODY_YET = 2**62


class SqlClusterList:
    """See ``service.usecases.ports_cluster_list.ClusterList``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, query: ClusterQuery) -> Sequence[ListedCluster]:
        """See the port. Members are counted off an index; labelled ones have a small one of their own."""

        def read(connection: Connection) -> Sequence[Any]:
            grown_no = _first_since(connection, microseconds_of(query.grown_since))
            seen_no = 0 if query.seen_since is None else _first_since(connection, microseconds_of(query.seen_since))
            return connection.execute(_listed(query, grown_no, seen_no)).all()

        return tuple(
            ListedCluster(
                number=row.cluster_no,
                size=row.size,
                grown=row.grown,
                frauds=row.frauds,
                good=row.good,
                first_no=row.first_no,
                newest_no=row.newest_no,
                state=ClusterState(row.state),
            )
            for row in self._database.read(read)
        )

    def moments(self, cluster: int) -> Sequence[Moment]:
        """See the port."""
        root = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster).scalar_subquery()
        statement = (
            select(MemberRow.occurred_us, MemberRow.label, MemberRow.label_us)
            .where(MemberRow.cluster_no == root)
            .order_by(MemberRow.signup_no)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            Moment(
                instant_of(row.occurred_us),
                None if row.label is None else Mark(row.label),
                optional_instant_of(row.label_us),
            )
            for row in rows
        )

    def carriers(self, cluster: int, *, after_no: int = 0, newest: int | None = None) -> Sequence[Carrier]:
        """See the port."""
        root = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster).scalar_subquery()
        statement = (
            select(
                MemberRow.signup_no,
                MemberRow.occurred_us,
                MemberRow.identifiers,
                MemberRow.label,
                SignupRow.id,
                SignupRow.owner,
                SignupRow.signup_id,
            )
            .join(SignupRow, SignupRow.signup_no == MemberRow.signup_no)
            .where(MemberRow.cluster_no == root, MemberRow.signup_no > after_no)
            .order_by(MemberRow.signup_no.desc())
            .limit(newest)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            Carrier(
                signup_no=row.signup_no,
                id=row.id,
                owner=row.owner,
                signup_id=row.signup_id,
                occurred_at=instant_of(row.occurred_us),
                label=None if row.label is None else Mark(row.label),
                keys=tuple(
                    (_TYING[code], digest) for code, digest in unpacked(bytes(row.identifiers)) if code in _TYING
                ),
            )
            for row in reversed(rows)
        )

    def standings(self, signup_nos: Sequence[int], *, signals: bool) -> Mapping[int, Standing]:
        """See the port."""
        said = AssessmentRow.signals if signals else literal("{}").label("signals")
        wanted = select(AssessmentRow.signup_no, AssessmentRow.decision, AssessmentRow.score, said).order_by(
            AssessmentRow.signup_no, AssessmentRow.decided_us, AssessmentRow.id
        )

        def read(connection: Connection) -> dict[int, Any]:
            newest = {}
            for numbers in _chunks(signup_nos):
                for row in connection.execute(wanted.where(AssessmentRow.signup_no.in_(numbers))):
                    newest[row.signup_no] = row
            return newest

        return {
            number: Standing(Decision(row.decision), row.score, json.loads(row.signals))
            for number, row in self._database.read(read).items()
        }

    def bans(self, cluster: int, *, limit: int) -> Sequence[Outcome]:
        """See the port."""
        root = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster).scalar_subquery()
        before = OutcomeRow.__table__.alias("before")
        fraud = Label.FRAUD.value
        after_one = select(before.c.ordinal).where(
            before.c.signup_no == OutcomeRow.signup_no, before.c.ordinal < OutcomeRow.ordinal, before.c.label == fraud
        )
        statement = (
            select(OutcomeRow.__table__)
            .join(MemberRow, MemberRow.signup_no == OutcomeRow.signup_no)
            .where(MemberRow.cluster_no == root, or_(OutcomeRow.label == fraud, after_one.exists()))
            .order_by(OutcomeRow.recorded_us.desc(), OutcomeRow.signup_no.desc())
            .limit(limit)
        )
        return tuple(map(outcome_of_row, self._database.read(lambda connection: connection.execute(statement).all())))

    def open_cases(self, cluster: int, *, limit: int) -> Sequence[str]:
        """See the port."""
        root = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster).scalar_subquery()
        statement = (
            select(CaseRow.id)
            .join(SignupRow, SignupRow.id == CaseRow.record_id)
            .join(MemberRow, MemberRow.signup_no == SignupRow.signup_no)
            .where(MemberRow.cluster_no == root, text(UNRESOLVED))
            .order_by(CaseRow.case_no)
            .limit(limit)
        )
        return tuple(self._database.read(lambda connection: connection.execute(statement).scalars().all()))


def _first_since(connection: Connection, since_us: int) -> int:
    """The number from which on sign-ups were recorded since an instant."""
    statement = (
        select(SignupRow.signup_no).where(SignupRow.recorded_us >= since_us).order_by(SignupRow.recorded_us).limit(1)
    )
    return int(connection.execute(statement).scalar_one_or_none() or _NOBODY_YET)


def _listed(query: ClusterQuery, grown_no: int, seen_no: int) -> Any:
    counted = (
        select(
            MemberRow.cluster_no,
            func.count().label("size"),
            func.count().filter(MemberRow.signup_no >= grown_no).label("grown"),
            func.min(MemberRow.signup_no).label("first_no"),
            func.max(MemberRow.signup_no).label("newest_no"),
        )
        .group_by(MemberRow.cluster_no)
        .having(func.count() >= query.size_from)
    )
    if seen_no:
        seen = select(MemberRow.cluster_no).where(MemberRow.signup_no >= seen_no)
        counted = counted.where(MemberRow.cluster_no.in_(seen))
    sized, labelled, held = counted.subquery(), _labelled(), _held()
    frauds = func.coalesce(labelled.c.frauds, 0).label("frauds")
    state = func.coalesce(held.c.state, literal(ClusterState.FREE.value)).label("state")
    statement = (
        select(sized, frauds, func.coalesce(labelled.c.good, 0).label("good"), state)
        .outerjoin(labelled, labelled.c.cluster_no == sized.c.cluster_no)
        .outerjoin(held, held.c.root_no == sized.c.cluster_no)
    )
    if query.frauds_from:
        statement = statement.where(frauds >= query.frauds_from)
    if query.state is not None:
        statement = statement.where(state == query.state.value)
    first = {
        ClusterOrder.GROWTH: (sized.c.grown.desc(), sized.c.size.desc()),
        ClusterOrder.SIZE: (sized.c.size.desc(),),
        ClusterOrder.FRAUD: (frauds.desc(), sized.c.size.desc()),
        ClusterOrder.NEWEST: (),
    }[query.order]
    return statement.order_by(*first, sized.c.newest_no.desc()).offset(query.offset).limit(query.limit)


def _labelled() -> Subquery:
    return (
        select(
            MemberRow.cluster_no,
            func.count().filter(MemberRow.label == Mark.BANNED.value).label("frauds"),
            func.count().filter(MemberRow.label == Mark.GOOD.value).label("good"),
        )
        .where(MemberRow.label.is_not(None))
        .group_by(MemberRow.cluster_no)
        .subquery()
    )


def _held() -> Subquery:
    """What is done about clusters, by their root; waiting for a second person comes before being contained.

    What waits is confirmed in the cluster that it was asked for; what stands counts wherever its members are by now.
    """
    own = (
        select(ClusterRow.root_no, ContainmentRow.state)
        .join(ContainmentRow, ContainmentRow.cluster_no == ClusterRow.cluster_no)
        .where(ContainmentRow.state != ContainmentState.RELEASED.value)
    )
    cut_out = (
        select(MemberRow.cluster_no, ContainmentRow.state)
        .join(ContainedRow, ContainedRow.signup_no == MemberRow.signup_no)
        .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
        .where(ContainmentRow.state == ContainmentState.STANDING.value)
    )
    held = own.union(cut_out).subquery()
    waits = func.count().filter(held.c.state == ContainmentState.PENDING.value)
    state = case((waits > 0, ClusterState.WAITING.value), else_=ClusterState.CONTAINED.value).label("state")
    return select(held.c.root_no, state).group_by(held.c.root_no).subquery()


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(numbers), _NUMBERS_A_STATEMENT):
        yield numbers[at : at + _NUMBERS_A_STATEMENT]
