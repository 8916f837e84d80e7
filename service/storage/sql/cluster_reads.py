"""What is asked about clusters, in SQL: members, guards, and what is known of identifiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, ScalarSelect, exists, func, select, true

from models.linkage.identifier import STRONG_KINDS, IdentifierKind
from models.linkage.marks import Mark
from models.linkage.velocity import SATURATION
from service.domain.decision import Decision
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql import guards
from service.storage.sql.cluster_tables import (
    AnchorRow,
    ClusterRow,
    GuardRow,
    MarkRow,
    MemberRow,
    MergeRow,
    PendingJoinRow,
)
from service.storage.sql.database import Database
from service.storage.sql.records import KIND_CODES, KINDS, unpacked
from service.storage.sql.simultaneous import simultaneous
from service.storage.sql.staging import Stage
from service.storage.sql.tables import AssessmentRow, LinkRow, SignupRow
from service.usecases.ports_clusters import (
    ClusterMember,
    ClusterSummary,
    Guard,
    IdentifierKey,
    KeptCompany,
    Known,
    Marked,
    Merged,
)

_NUMBERS_A_STATEMENT = 500


class SqlClusterReads:
    """The questions of ``service.usecases.ports_clusters.Clusters``."""

    def __init__(self, database: Database, stage: Stage, *, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._stage = stage
        self._pseudonyms = pseudonyms

    def root(self, cluster: int) -> int | None:
        """See the port."""
        statement = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster)
        return self._database.read(lambda connection: connection.execute(statement).scalar_one_or_none())

    def cluster_of(self, signup_no: int) -> int | None:
        """See the port."""
        statement = (
            select(ClusterRow.root_no)
            .join(MemberRow, MemberRow.cluster_no == ClusterRow.cluster_no)
            .where(MemberRow.signup_no == signup_no)
        )
        return self._database.read(lambda connection: connection.execute(statement).scalar_one_or_none())

    def clusters_of(self, signup_nos: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        found: dict[int, int] = {}
        for at in range(0, len(signup_nos), _NUMBERS_A_STATEMENT):
            statement = (
                select(MemberRow.signup_no, ClusterRow.root_no)
                .join(ClusterRow, ClusterRow.cluster_no == MemberRow.cluster_no)
                .where(MemberRow.signup_no.in_(signup_nos[at : at + _NUMBERS_A_STATEMENT]))
            )
            found |= {row[0]: row[1] for row in self._rows(statement)}
        return found

    def leads_to(self, keys: Sequence[IdentifierKey]) -> Mapping[IdentifierKey, int]:
        """See the port."""
        of_digest = {key.digest: key for key in keys}
        digests, found = sorted(of_digest), dict[IdentifierKey, int]()
        for at in range(0, len(digests), _NUMBERS_A_STATEMENT):
            statement = (
                select(AnchorRow.digest, ClusterRow.root_no)
                .join(ClusterRow, ClusterRow.cluster_no == AnchorRow.cluster_no)
                .where(AnchorRow.digest.in_(digests[at : at + _NUMBERS_A_STATEMENT]))
            )
            found |= {of_digest[bytes(row[0])]: row[1] for row in self._rows(statement)}
        return found

    def summary(self, cluster: int) -> ClusterSummary | None:
        """See the port."""
        root = _root_of(cluster)
        counted = (
            select(
                func.count(),
                func.count().filter(MemberRow.label == Mark.BANNED.value),
                func.count().filter(MemberRow.label == Mark.GOOD.value),
                func.min(MemberRow.signup_no),
                func.max(MemberRow.signup_no),
            )
            .where(MemberRow.cluster_no == root)
            .subquery()
        )
        wanted = select(ClusterRow.cluster_no, ClusterRow.founded_us, counted).where(ClusterRow.cluster_no == root)
        row = next(iter(self._rows(wanted.join(counted, true()))), None)
        if row is None:
            return None
        number, founded_us, size, frauds, good, first_no, last_no = row
        return ClusterSummary(number, instant_of(founded_us), size, frauds, good, first_no or 0, last_no or 0)

    def kept_by(self, signup_no: int) -> KeptCompany | None:
        """See the port."""
        of_member = select(MemberRow.cluster_no).where(MemberRow.signup_no == signup_no).scalar_subquery()
        root = select(ClusterRow.root_no).where(ClusterRow.cluster_no == of_member).scalar_subquery()
        others = select(MemberRow.signup_no).where(MemberRow.cluster_no == root, MemberRow.signup_no != signup_no)
        banned = (MemberRow.label.is_not(None), MemberRow.label == Mark.BANNED.value)
        frauds = select(MemberRow.signup_no).where(MemberRow.cluster_no == root, *banned)
        counted = (select(func.count()).select_from(some.limit(SATURATION).subquery()) for some in (others, frauds))
        ((cluster, size, known),) = self._rows(select(root, *(each.scalar_subquery() for each in counted)))
        return KeptCompany(cluster, size, known) if size else None

    def sizes(self, clusters: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        found: dict[int, int] = {}
        for at in range(0, len(clusters), _NUMBERS_A_STATEMENT):
            some = MemberRow.cluster_no.in_(clusters[at : at + _NUMBERS_A_STATEMENT])
            counted = select(MemberRow.cluster_no, func.count()).where(some).group_by(MemberRow.cluster_no)
            found |= {row[0]: row[1] for row in self._rows(counted)}
        return found

    def members(self, cluster: int, *, after_no: int = 0, limit: int | None = None) -> Sequence[ClusterMember]:
        """See the port."""
        return self._members(
            _MEMBERS.where(MemberRow.cluster_no == _root_of(cluster), MemberRow.signup_no > after_no)
            .order_by(MemberRow.signup_no)
            .limit(limit)
        )

    def newest(self, cluster: int, *, limit: int) -> Sequence[ClusterMember]:
        """See the port."""
        own = _MEMBERS.where(MemberRow.cluster_no == _root_of(cluster))
        return tuple(reversed(self._members(own.order_by(MemberRow.signup_no.desc()).limit(limit))))

    def member(self, signup_no: int) -> ClusterMember | None:
        """See the port."""
        return next(iter(self._members(_MEMBERS.where(MemberRow.signup_no == signup_no))), None)

    def several(self, signup_nos: Sequence[int]) -> Sequence[ClusterMember]:
        """See the port."""
        found: list[ClusterMember] = []
        for at in range(0, len(signup_nos), _NUMBERS_A_STATEMENT):
            found += self._members(_MEMBERS.where(MemberRow.signup_no.in_(signup_nos[at : at + _NUMBERS_A_STATEMENT])))
        return tuple(found)

    def carriers(
        self, key: IdentifierKey, *, limit: int, once: Decision | None = None, since: datetime | None = None
    ) -> Sequence[ClusterMember]:
        """See the port."""
        carried = select(LinkRow.signup_no).where(LinkRow.digest == key.digest)
        if since is not None:
            # No link is older than its sign-up: the first condition ends the reading of the index, the second is meant.
            since_us = microseconds_of(since)
            carried = carried.join(SignupRow, SignupRow.signup_no == LinkRow.signup_no)
            carried = carried.where(LinkRow.recorded_us >= since_us, SignupRow.recorded_us >= since_us)
        if once is not None:
            own = AssessmentRow.signup_no == LinkRow.signup_no
            carried = carried.where(exists().where(own, AssessmentRow.decision == once.value))
        newest = carried.order_by(LinkRow.recorded_us.desc(), LinkRow.signup_no.desc()).limit(limit).subquery()
        wanted = _MEMBERS.where(MemberRow.signup_no.in_(select(newest.c.signup_no)))
        return self._members(wanted.order_by(MemberRow.signup_no.desc()))

    def recent(self, *, after_no: int, limit: int) -> Sequence[ClusterMember]:
        """See the port."""
        return self._members(_MEMBERS.where(MemberRow.signup_no > after_no).order_by(MemberRow.signup_no).limit(limit))

    def last_no(self) -> int:
        """See the port."""
        newest = select(func.max(MemberRow.signup_no))
        return self._database.read(lambda connection: connection.execute(newest).scalar_one()) or 0

    def merges(self, cluster: int, *, limit: int = 1_000) -> Sequence[Merged]:
        """See the port. What became part of a cluster on the way is among them."""
        statement = (
            select(MergeRow.__table__)
            .join(ClusterRow, ClusterRow.cluster_no == MergeRow.cluster_no)
            .where(ClusterRow.root_no == _root_of(cluster), ClusterRow.root_no != ClusterRow.cluster_no)
            .order_by(MergeRow.merged_us.desc(), MergeRow.cluster_no)
            .limit(limit)
        )
        rows = self._rows(statement)
        return tuple(Merged(row.cluster_no, row.into_no, row.signup_no, instant_of(row.merged_us)) for row in rows)

    def praised(self, kind: IdentifierKind, *, at_least: int, limit: int) -> Sequence[IdentifierKey]:
        """See the port."""
        statement = (
            select(MarkRow.digest)
            .where(
                MarkRow.channel == 1,
                MarkRow.mark == Mark.GOOD.value,
                MarkRow.kind == KIND_CODES[kind],
                MarkRow.withdrawn_us.is_(None),
            )
            .group_by(MarkRow.digest)
            .having(func.count() >= at_least)
            .order_by(MarkRow.digest)
            .limit(limit)
        )
        digests = self._database.read(lambda connection: connection.execute(statement).scalars().all())
        return tuple(IdentifierKey(kind, bytes(digest)) for digest in digests)

    def known_of(self, key: IdentifierKey, *, limit: int) -> Sequence[Known]:
        """See the port."""

        def read(connection: Connection) -> list[Known]:
            found = []
            for channel, mark in ((0, Mark.BANNED), (1, Mark.GOOD)):
                rows = connection.execute(
                    select(MarkRow.signup_no, MarkRow.known_us)
                    .where(MarkRow.digest == key.digest, MarkRow.channel == channel, MarkRow.mark == mark.value)
                    .where(MarkRow.withdrawn_us.is_(None))
                    .order_by(MarkRow.known_us.desc(), MarkRow.signup_no.desc())
                    .limit(limit)
                )
                found += [Known(row.signup_no, mark, instant_of(row.known_us)) for row in rows]
            return found

        return tuple(self._database.read(read))

    def marked(self) -> Sequence[Marked]:
        """See the port."""
        statement = (
            select(MarkRow.signup_no, MarkRow.mark, MarkRow.known_us, MarkRow.withdrawn_us)
            .where(MarkRow.mark != Mark.CONTAINED.value)
            .distinct()
            .order_by(MarkRow.known_us, MarkRow.signup_no, MarkRow.mark)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(
            Marked(row.signup_no, Mark(row.mark), instant_of(row.known_us), optional_instant_of(row.withdrawn_us))
            for row in rows
        )

    def holding(self, keys: Collection[IdentifierKey]) -> Mapping[int, frozenset[IdentifierKey]]:
        """See the port."""
        of_digest = {key.digest: key for key in keys}
        statement = select(MarkRow.signup_no, MarkRow.digest).where(*_held_among(of_digest))
        held: dict[int, set[IdentifierKey]] = defaultdict(set)
        for number, digest in self._database.read(lambda connection: connection.execute(statement).all()):
            held[number].add(of_digest[bytes(digest)])
        return {number: frozenset(of_it) for number, of_it in held.items()}

    def held_by_learning(self, signup_no: int) -> Mapping[IdentifierKey, datetime]:
        """See the port."""
        member = self.member(signup_no)
        if member is None:
            return {}
        of_digest = {key.digest: key for key in member.identifiers}
        # Others are never held, and may have very many marks.
        strong = [key.digest for key in member.identifiers if key.kind in STRONG_KINDS]
        first = select(MarkRow.digest, func.min(MarkRow.known_us)).where(*_held_among(strong))
        since_us = {bytes(digest): us for digest, us in self._rows(first.group_by(MarkRow.digest))}
        if not since_us:
            return {}
        # With the moments as conditions, as the key of links has them: some identifiers have very many.
        learning = select(LinkRow.recorded_us).where(
            LinkRow.digest.in_(of_digest),
            LinkRow.recorded_us.in_(set(since_us.values())),
            LinkRow.recorded_us > microseconds_of(member.recorded_at),
            LinkRow.signup_no == signup_no,
        )
        learnt = {row[0] for row in self._rows(learning)}
        return {of_digest[digest]: instant_of(us) for digest, us in since_us.items() if us in learnt}

    def guards(self, keys: Iterable[IdentifierKey] | None = None) -> Sequence[Guard]:
        """See the port."""
        digests = None if keys is None else [key.digest for key in keys]
        return self._database.read(lambda connection: guards.guards_on(connection, digests))

    def newest_bans(self, clusters: Collection[int]) -> Mapping[int, datetime]:
        """See the port."""
        banned = (MemberRow.label.is_not(None), MemberRow.label == Mark.BANNED.value)
        found: dict[int, datetime] = {}
        for cluster in sorted(clusters):
            newest = select(func.max(MemberRow.label_us)).where(MemberRow.cluster_no == cluster, *banned)
            (row,) = self._rows(newest)
            if row[0] is not None:
                found[cluster] = instant_of(row[0])
        return found

    def learnt_after(self, signup_no: int, instant: datetime) -> frozenset[IdentifierKey]:
        """See the port."""
        member = self.member(signup_no)
        if member is None:
            return frozenset()
        of_digest = {key.digest: key for key in member.identifiers}
        statement = select(LinkRow.digest).where(
            LinkRow.digest.in_(of_digest),
            LinkRow.recorded_us > microseconds_of(instant),
            LinkRow.signup_no == signup_no,
        )
        return frozenset(of_digest[bytes(row[0])] for row in self._rows(statement))

    def simultaneous(self, *, within: timedelta, limit: int) -> Sequence[int]:
        """See the port."""
        within_us = within // timedelta(microseconds=1)
        return self._database.read(lambda connection: simultaneous(connection, within_us=within_us, limit=limit))

    def waiting(self) -> Sequence[int]:
        """See the port."""
        statement = select(PendingJoinRow.signup_no).order_by(PendingJoinRow.signup_no)
        return self._database.read(lambda connection: connection.execute(statement).scalars().all())

    def keys_of(self, identifiers: Sequence[tuple[IdentifierKind, str]]) -> Sequence[IdentifierKey]:
        """See the port."""
        return tuple(
            IdentifierKey(kind, digest)
            for kind, value in identifiers
            for digest in self._pseudonyms.digests(kind, value)
        )

    def _members(self, statement: Any) -> tuple[ClusterMember, ...]:
        return tuple(_member_of_row(row) for row in self._rows(statement))

    def _rows(self, statement: Any) -> Sequence[Any]:
        return self._database.read(lambda connection: connection.execute(statement).all())


_MEMBERS = select(
    MemberRow.signup_no,
    MemberRow.occurred_us,
    MemberRow.identifiers,
    MemberRow.label,
    MemberRow.label_us,
    MemberRow.proof,
    SignupRow.id,
    SignupRow.owner,
    SignupRow.signup_id,
    SignupRow.recorded_us,
).join(SignupRow, SignupRow.signup_no == MemberRow.signup_no)


def _root_of(cluster: int) -> ScalarSelect[int]:
    """What a cluster has become, for the statement that reads what is in it.

    Read by a statement of its own, it may have become part of another by the next one, which then finds nobody.
    """
    return select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster).correlate(None).scalar_subquery()


def _member_of_row(row: Any) -> ClusterMember:
    return ClusterMember(
        signup_no=row.signup_no,
        id=row.id,
        owner=row.owner,
        signup_id=row.signup_id,
        occurred_at=instant_of(row.occurred_us),
        recorded_at=instant_of(row.recorded_us),
        identifiers=tuple(IdentifierKey(KINDS[code], digest) for code, digest in unpacked(bytes(row.identifiers))),
        label=None if row.label is None else Mark(row.label),
        label_at=optional_instant_of(row.label_us),
        proof=None if row.proof is None else Mark(row.proof),
    )


def _held_among(digests: Collection[bytes]) -> tuple[Any, ...]:
    """That a mark says that a containment holds one of these identifiers, which ties."""
    return (
        MarkRow.digest.in_(digests),
        MarkRow.channel == 0,
        MarkRow.mark == Mark.CONTAINED.value,
        MarkRow.withdrawn_us.is_(None),
        MarkRow.digest.not_in(select(GuardRow.digest).where(GuardRow.digest.in_(digests))),
    )
