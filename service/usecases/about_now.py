"""What a case of the worker is about, as it is now: the clusters, and the containment that it asks to release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.case import UNFOUNDED, Case
from service.domain.cluster import cluster_id, cluster_number
from service.domain.containment import Containment, ContainmentState, Role
from service.usecases.ports import Recorded, UnitOfWork


@dataclass(frozen=True, slots=True)
class ClusterNow:
    """A cluster under the id that the case names; ``became`` is the one it is part of by now, where that is another.

    Of one that there is no more the size is 0.
    """

    id: str
    became: str | None
    size: int
    frauds: int
    contained: bool


@dataclass(frozen=True, slots=True)
class ContainmentNow:
    """The containment that a case asks to release; ``frauds`` are known in its core now."""

    stands: bool
    core: int
    frauds: int
    released_at: datetime | None
    released_by: str | None


@dataclass(frozen=True, slots=True)
class Carrying:
    """An account that carries what two clusters share, and the one of them that it is in by now."""

    id: str
    signup_id: str
    cluster: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """An identifier that two clusters shared when the case was opened, with an account on each side.

    Accounts that the reader must not see are left out.
    """

    handle: str
    carried: tuple[Carrying, ...]


@dataclass(frozen=True, slots=True)
class AboutNow:
    """All of it; ``bridges`` are as many as are told of, the strongest first."""

    clusters: tuple[ClusterNow, ...]
    containment: ContainmentNow | None
    bridges: tuple[Bridge, ...] = ()


def about_now(work: UnitOfWork, case: Case, shown: Recorded, *, owner: str | None) -> AboutNow:
    """As it is now; ``shown`` is the sign-up that the case shows first, and ``owner`` whose accounts may be seen."""
    own = work.clusters.cluster_of(shown.signup_no)
    names = case.clusters_named or (() if own is None else (cluster_id(own),))
    found = (_cluster(work, name) for name in names)
    return AboutNow(
        # Whoever stands alone is in no cluster, as far as people are concerned.
        clusters=tuple(each for each in found if case.clusters_named or each.size > 1),
        containment=_containment(work, case, own),
        bridges=_bridges(work, case, owner) if case.clusters_named else (),
    )


def _cluster(work: UnitOfWork, name: str) -> ClusterNow:
    number = cluster_number(name)
    root = None if number is None else work.clusters.root(number)
    summary = None if root is None else work.clusters.summary(root)
    if root is None or summary is None:
        return ClusterNow(name, None, 0, 0, contained=False)
    standing = any(each.state is ContainmentState.STANDING for each in work.containments.touching(root))
    became = None if root == number else cluster_id(root)
    return ClusterNow(name, became, summary.size, summary.frauds, contained=standing)


def _containment(work: UnitOfWork, case: Case, cluster: int | None) -> ContainmentNow | None:
    if cluster is None or not case.of_a_containment:
        return None
    every = (*work.containments.touching(cluster), *work.containments.of_cluster(cluster))
    found = next((each for each in every if each.id == case.subject.removeprefix(UNFOUNDED)), None)
    if found is None:
        return None
    stands = found.state is ContainmentState.STANDING
    frauds = _frauds(work, found) if stands else 0
    return ContainmentNow(stands, found.core, frauds, found.released_at, found.released_by)


def _bridges(work: UnitOfWork, case: Case, owner: str | None) -> tuple[Bridge, ...]:
    """What the worker wrote down when it opened the case; earlier releases wrote nothing."""
    opened = next(iter(work.audit.entries(subject=case.id, action="case.opened", limit=1)), None)
    shared = opened.detail.get("shared") if opened is not None else None
    if not isinstance(shared, list):
        return ()
    named = [name for each in shared for name in each["accounts"]]
    seen = {each.id: each for each in work.ledger.many(owner, named)}
    clusters = work.clusters.clusters_of([each.signup_no for each in seen.values()])

    def carrying(record_id: str) -> Carrying:
        recorded = seen[record_id]
        return Carrying(record_id, recorded.signup.signup_id, cluster_id(clusters[recorded.signup_no]))

    return tuple(
        Bridge(each["identifier"], tuple(carrying(name) for name in each["accounts"] if name in seen))
        for each in shared
    )


def _frauds(work: UnitOfWork, containment: Containment) -> int:
    touched = work.containments.touched(containment.number)
    core = [each.signup_no for each in touched if each.role is Role.CORE]
    clusters = set(work.clusters.clusters_of(core).values())
    summaries = (work.clusters.summary(cluster) for cluster in clusters)
    # Reading 20,000 accounts takes a part of a second, and mostly there is none to be found.
    if not any(each is not None and each.frauds for each in summaries):
        return 0
    return sum(member.label is Mark.BANNED for member in work.clusters.several(core))
