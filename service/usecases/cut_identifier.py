"""Cut an identifier out of a cluster: a person says that it is shared, and the members that only it tied part."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from service.domain.cluster import cluster_id, identifier_of_handle
from service.domain.errors import ConflictError, NotFoundError
from service.usecases.contain_cluster import find_cluster
from service.usecases.divide_cluster import (
    are_united,
    clusters_of_carriers,
    divide,
    number_of_carriers,
    parts_without,
    unite_carriers,
)
from service.usecases.lift_guard import lift_guard
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import Guard, IdentifierKey
from service.usecases.survey_cluster import key_of

UNDER_WAY = timedelta(minutes=1)
"""Whoever set a guard so lately may still divide the cluster: asking again would only get in the way."""
_UNDER_WAY = "This identifier ties nobody already. Should it still hold members together in a minute, ask again."


@dataclass(frozen=True, slots=True)
class Parted:
    """What a cut did: the cluster that stays, how many members left it, and where they are, most of them first."""

    cluster: int
    moved: int
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ComesBack:
    """Another cluster that would be one with this again: its members, and how many carry the identifier."""

    cluster: int
    size: int
    carriers: int


@dataclass(frozen=True, slots=True)
class CutPreview:
    """What cutting an identifier out would do, or letting it tie again where it was cut.

    Attributes:
        carriers: members of the cluster who carry it; likewise the known ``frauds`` and ``good`` among them.
        parts: the sizes of the parts that would come off, largest first.
        guard: why it ties nobody already, if so.
        joins: whether it would make one cluster of those who carry it by itself.
        back: the clusters that an undo makes one with this again, those first where most carry it.
    """

    kind: IdentifierKind
    carriers: int
    frauds: int
    good: int
    size: int
    parts: tuple[int, ...]
    guard: Guard | None
    joins: bool
    back: tuple[ComesBack, ...]


@dataclass(frozen=True, slots=True)
class CutIdentifier:
    """What a person does about one identifier of a cluster."""

    begin: Begin

    def __call__(self, name: str, handle: str, *, owner: str | None, by: str, reason: str, now: datetime) -> Parted:
        """The identifier ties nobody from now on, and the cluster is divided without it.

        A cut that was interrupted is completed by the worker (``DivideGuarded``), or when it is asked for again, once
        ``UNDER_WAY`` is over.

        Raises:
            NotFoundError: there is no such cluster for this owner, or nobody in it carries the identifier.
            ConflictError: the identifier ties nobody already.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            key = carried(work, cluster, handle, owner)
            known = next(iter(work.clusters.guards([key])), None)
            if known is not None and now - known.since < UNDER_WAY:
                raise ConflictError(_UNDER_WAY)
            if known is None:
                work.clusters.set_guard(Guard(key, GuardState.CUT, now, by, reason, cluster=cluster))
                detail: dict[str, object] = {"identifier": handle, "reason": reason}
                work.audit.add(AuditEntry(now, by, "cluster.cut", cluster_id(cluster), detail))
                work.commit()
        moved = divide(self.begin, cluster, key, at=now)
        if known is not None and not moved:
            raise ConflictError("This identifier ties nobody already.")
        with self.begin() as work:
            number_in = Counter(work.clusters.clusters_of(sorted(moved)).values())
        return Parted(cluster, len(moved), tuple(sorted(number_in, key=lambda part: (-number_in[part], part))))

    def preview(self, name: str, handle: str, *, owner: str | None) -> CutPreview:
        """What would come off; nothing happens.

        Raises:
            NotFoundError: there is no such cluster for this owner, or nobody in it carries the identifier.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            key = carried(work, cluster, handle, owner)
            members = work.clusters.members(cluster)
            guards = work.clusters.guards()
            guard = next((guard for guard in guards if guard.key == key), None)
            joins = strength_of(key.kind) is Strength.STRONG
            is_cut = guard is not None and guard.state is GuardState.CUT
            back = _who_comes_back(work, cluster, key) if is_cut and joins else ()
        guarded = frozenset(key_of(guard.key) for guard in guards)
        carriers = [member for member in members if key in member.identifiers]
        return CutPreview(
            kind=key.kind,
            carriers=len(carriers),
            frauds=sum(member.label is Mark.BANNED for member in carriers),
            good=sum(member.label is Mark.GOOD for member in carriers),
            size=len(members),
            parts=tuple(map(len, parts_without(members, key_of(key), guarded))),
            guard=guard,
            joins=joins,
            back=back,
        )

    def undo(self, name: str, handle: str, *, owner: str | None, by: str, reason: str, now: datetime) -> Parted:
        """The identifier ties again: those who carry a strong one are one cluster again.

        A medium one never joins alone: pairs that agree join from now on, and who is apart stays so. An undo that was
        interrupted is completed when it is asked for again.

        Raises:
            NotFoundError: there is no such cluster for this owner, or nobody in it carries the identifier.
            ConflictError: it was not cut, or somebody else has undone that by now.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            key = carried(work, cluster, handle, owner)
            known = next(iter(work.clusters.guards([key])), None)
            joins_alone = strength_of(key.kind) is Strength.STRONG
            interrupted = known is None and joins_alone and not are_united(work, key, clusters_of_carriers(work, key))
            if not interrupted and (known is None or known.state is not GuardState.CUT):
                raise ConflictError("This identifier was not cut.")
            if known is not None:
                if joins_alone:
                    # Before too: whoever asks while this is done finds the guard, and of all who do one lifts it.
                    unite_carriers(self.begin, key, at=now)
                lift_guard(work, known, at=now)
                detail: dict[str, object] = {"identifier": handle, "reason": reason}
                work.audit.add(AuditEntry(now, by, "cluster.cut_undone", cluster_id(cluster), detail))
                work.commit()
        if joins_alone:
            unite_carriers(self.begin, key, at=now)
        with self.begin() as work:
            return Parted(work.clusters.root(cluster) or cluster, 0)


_PAGE = 500


def _who_comes_back(work: UnitOfWork, cluster: int, key: IdentifierKey) -> tuple[ComesBack, ...]:
    number_in = number_of_carriers(work, key)
    others = sorted(number_in.keys() - {cluster}, key=lambda other: (-number_in[other], other))
    sizes = work.clusters.sizes(others)
    return tuple(ComesBack(each, sizes.get(each, 0), number_in[each]) for each in others)


def carried(work: UnitOfWork, cluster: int, handle: str, owner: str | None) -> IdentifierKey:
    """The identifier that a handle names, if an account of this owner in the cluster carries it and it may tie at all.

    Raises:
        NotFoundError: nobody does, or it is too weak to tie anybody.
    """
    named = identifier_of_handle(handle)
    if named is not None and strength_of(named[0]) is not Strength.WEAK:
        key, after_no = IdentifierKey(*named), 0
        while page := work.clusters.members(cluster, after_no=after_no, limit=_PAGE):
            if any(key in member.identifiers and owner in (None, member.owner) for member in page):
                return key
            after_no = page[-1].signup_no
    raise NotFoundError("Nobody in the cluster carries this identifier.")
