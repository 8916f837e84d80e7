"""Read a cluster: who is in it, what ties them, how it came about, and what is held of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from service.domain.cluster import identifier_handle
from service.domain.containment import Containment
from service.domain.decision import Decision
from service.usecases.contain_cluster import find_cluster
from service.usecases.part_containment import concerning
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, ClusterSummary, Guard, IdentifierKey, Merged

LOOKED_AT = 2_000
"""The newest members whose identifiers are compared: enough to see what ties a cluster, at a bounded cost."""

LINKS = 100
MERGES = 100


@dataclass(frozen=True, slots=True)
class LinkView:
    """An identifier that several of the members looked at carry; guarded ones tie nobody."""

    handle: str
    kind: IdentifierKind
    members: int
    guard: GuardState | None
    guard_reason: str | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member of the caller's own. ``links`` are handles of what it shares with others."""

    id: str
    signup_id: str
    occurred_at: datetime
    label: Mark | None
    decision: Decision | None
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClusterDetail:
    """A cluster with one page of its members; ``next_no`` continues with the following page, if there is one."""

    summary: ClusterSummary
    members: tuple[MemberView, ...]
    next_no: int | None
    links: tuple[LinkView, ...]
    looked_at: int
    merges: tuple[Merged, ...]
    containments: tuple[Containment, ...]


@dataclass(frozen=True, slots=True)
class ReadCluster:
    """Read one cluster that has a member of the caller's; members of other owners are counted and not shown."""

    begin: Begin

    def __call__(self, name: str, *, owner: str | None, after_no: int = 0, limit: int = 50) -> ClusterDetail:
        """The cluster as it is now.

        Raises:
            NotFoundError: there is no such cluster for this owner.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            summary = work.clusters.summary(cluster)
            if summary is None:
                raise RuntimeError("bug: a cluster that was found has no summary")
            newest = _newest(work, summary)
            links = _links(newest, work.clusters.guards())
            page = work.clusters.members(cluster, after_no=after_no, limit=limit + 1)
            shown = [member for member in page[:limit] if owner in (None, member.owner)]
            return ClusterDetail(
                summary=summary,
                members=_members(work, shown, links),
                next_no=page[limit - 1].signup_no if len(page) > limit else None,
                links=tuple(links.values())[:LINKS],
                looked_at=len(newest),
                merges=tuple(work.clusters.merges(cluster, limit=MERGES)),
                containments=concerning(work, cluster),
            )


def _newest(work: UnitOfWork, summary: ClusterSummary) -> Sequence[ClusterMember]:
    """The newest members, as many as are looked at."""
    members = work.clusters.members(summary.number) if summary.size <= LOOKED_AT else ()
    if members:
        return members
    # Numbers grow with time: the last part of them holds the newest, and few others.
    span = summary.last_no - summary.first_no + 1
    after_no = summary.last_no - span * LOOKED_AT // summary.size
    return work.clusters.members(summary.number, after_no=after_no, limit=LOOKED_AT)


def _links(members: Sequence[ClusterMember], guards: Sequence[Guard]) -> Mapping[IdentifierKey, LinkView]:
    """What two or more members share and might tie them, what most of them carry first."""
    guarded = {guard.key.digest: guard for guard in guards}
    carried = Counter(
        key for member in members for key in set(member.identifiers) if strength_of(key.kind) is not Strength.WEAK
    )
    found: dict[IdentifierKey, LinkView] = {}
    for key, count in sorted(carried.items(), key=lambda each: (-each[1], each[0])):
        if count < 2:
            break
        guard = guarded.get(key.digest)
        found[key] = LinkView(
            handle=identifier_handle(key.kind, key.digest),
            kind=key.kind,
            members=count,
            guard=None if guard is None else guard.state,
            guard_reason=None if guard is None else guard.reason,
        )
    return found


def _members(
    work: UnitOfWork, members: Sequence[ClusterMember], links: Mapping[IdentifierKey, LinkView]
) -> tuple[MemberView, ...]:
    records = {each.signup_no: each for each in work.ledger.several([member.signup_no for member in members])}
    views = []
    for member in members:
        recorded = records.get(member.signup_no)
        assessments = () if recorded is None else recorded.assessments
        views.append(
            MemberView(
                id=member.id,
                signup_id=member.signup_id,
                occurred_at=member.occurred_at,
                label=member.label,
                decision=assessments[-1].decision if assessments else None,
                links=tuple(links[key].handle for key in member.identifiers if key in links),
            )
        )
    return tuple(views)
