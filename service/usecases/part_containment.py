"""What of a containment concerns a cluster: members that were cut out are found, and released, where they are now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.linkage.identifier import STRONG_KINDS
from service.domain.cluster import cluster_id
from service.domain.containment import Containment, ContainmentState, Role, Touched
from service.usecases.ports import AuditEntry, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey
from service.usecases.survey_cluster import key_of


def of_another_cluster(work: UnitOfWork, cluster: int) -> tuple[Containment, ...]:
    """Those of other clusters that stand, or wait, and touch members of this one."""
    own = {each.number for each in work.containments.of_cluster(cluster)}
    return tuple(
        each
        for each in work.containments.touching(cluster)
        if each.number not in own and each.state is not ContainmentState.RELEASED
    )


def concerning(work: UnitOfWork, cluster: int) -> tuple[Containment, ...]:
    """Those that touch members who are in a cluster now, and those that wait to be confirmed there, newest first."""
    opened_here = work.containments.of_cluster(cluster)
    waiting = (each for each in opened_here if each.state is ContainmentState.PENDING)
    every = (*work.containments.touching(cluster), *waiting)
    found = {each.number: each for each in every}
    return tuple(found[number] for number in sorted(found, reverse=True))


def at_home(work: UnitOfWork, cluster: int) -> tuple[Containment, ...]:
    """Those that concern a cluster, but for what waits to be confirmed where its members were cut out of."""
    elsewhere = {each.number for each in of_another_cluster(work, cluster) if not each.stands_since}
    return tuple(each for each in concerning(work, cluster) if each.number not in elsewhere)


def has_core_in(work: UnitOfWork, containment: Containment, cluster: int) -> bool:
    """Whether anybody whom it contains, or would contain, is in a cluster now."""
    touched = work.containments.touched(containment.number)
    core = [each.signup_no for each in touched if each.role is Role.CORE]
    return cluster in work.clusters.clusters_of(core).values()


@dataclass(frozen=True, slots=True)
class Concerned:
    """What concerns a cluster: containments, newest first.

    Attributes:
        clusters: where those are whom they touch.
        with_others: whether further ones touch accounts of others too.
    """

    parts: tuple[Containment, ...]
    clusters: frozenset[int]
    with_others: bool


@dataclass(frozen=True, slots=True)
class PartContainments:
    """Who parts containments, and when.

    Attributes:
        cluster: whose part becomes containments of its own.
        owner: only what touches accounts of this owner alone; ``None`` sees every owner's.
        by: a person or key.
        now: when this happens.
        new_id: names what is new.
    """

    work: UnitOfWork
    cluster: int
    owner: str | None
    by: str
    now: datetime
    new_id: Callable[[datetime], str]

    def __call__(self) -> Concerned:
        """Stage that every containment which stands or waits concerns either this cluster alone or not at all.

        Where others are touched too, the members here become a containment of their own, as old, with what was done
        about them and their cases. What the old one holds because of them alone is let go, and the new one holds
        nothing: it is about to be released. What waits to be confirmed here while nobody of its core is here any more
        concerns this cluster whole, as nobody could confirm it.
        """
        found: list[Containment] = []
        clusters: set[int] = set()
        with_others = False
        fresh = self.work.containments.next_number()
        own = {each.number for each in self.work.containments.of_cluster(self.cluster)}
        for whole in concerning(self.work, self.cluster):
            if whole.state is ContainmentState.RELEASED:
                continue
            touched = self.work.containments.touched(whole.number)
            here = self._here(whole, touched, opened_here=whole.number in own)
            if not here:
                continue
            owners = {each.owner for each in self.work.clusters.several([each.signup_no for each in here])}
            if self.owner is not None and owners != {self.owner}:
                with_others = with_others or self.owner in owners
                continue
            clusters |= set(self.work.clusters.clusters_of([each.signup_no for each in here]).values())
            if len(here) == len(touched):
                found.append(whole)
            else:
                found.append(self._parted(whole, touched, here, fresh))
                fresh += 1
        return Concerned(tuple(found), frozenset(clusters), with_others)

    def _here(self, whole: Containment, touched: Sequence[Touched], *, opened_here: bool) -> Sequence[Touched]:
        """Who of those touched is in this cluster; everybody when all of the core is, as leaves hang on it."""
        clusters = self.work.clusters.clusters_of([each.signup_no for each in touched])
        core_is_here = {clusters.get(each.signup_no) == self.cluster for each in touched if each.role is Role.CORE}
        waits_in_vain = opened_here and whole.state is ContainmentState.PENDING and True not in core_is_here
        if False not in core_is_here or waits_in_vain:
            return touched
        return [each for each in touched if clusters.get(each.signup_no) == self.cluster]

    def _parted(
        self, whole: Containment, touched: Sequence[Touched], here: Sequence[Touched], number: int
    ) -> Containment:
        core = sum(each.role is Role.CORE for each in here)
        part = replace(
            whole,
            number=number,
            id=self.new_id(self.now),
            cluster=self.cluster,
            core=core,
            leaves=len(here) - core,
        )
        members = [each.signup_no for each in here]
        in_core = self.work.clusters.several([each.signup_no for each in touched if each.role is Role.CORE])
        carried = {each.signup_no: len(each.identifiers) for each in in_core}
        self.work.containments.part(whole.number, part, members, carried=carried)
        records = [each.id for each in self.work.clusters.several(members)]
        self.work.cases.hand_over(records, whole.id, part.id)
        self.work.clusters.let_go(whole.number, at=self.now, keys=self._theirs_alone(in_core, members))
        detail: dict[str, object] = {"containment": whole.id, "part": part.id, "core": core, "leaves": part.leaves}
        self.work.audit.add(
            AuditEntry(self.now, self.by, "cluster.containment_parted", cluster_id(self.cluster), detail)
        )
        return part

    def _theirs_alone(self, core: Sequence[ClusterMember], here: Collection[int]) -> tuple[IdentifierKey, ...]:
        """What is held because of the core's members here: all they carry, but for what ties others to the rest.

        An identifier that ties nobody, such as the one that was cut out, is theirs too: people share it. Should
        it tie again, it is held for the rest once more.
        """
        of_part = frozenset(here)
        guarded = {key_of(guard.key) for guard in self.work.clusters.guards()}
        rest = _carried(each for each in core if each.signup_no not in of_part)
        theirs = _carried(each for each in core if each.signup_no in of_part)
        return tuple(sorted(key for key in theirs if key not in rest or key_of(key) in guarded))


def _carried(members: Iterable[ClusterMember]) -> set[IdentifierKey]:
    return {key for member in members for key in member.identifiers if key.kind in STRONG_KINDS}
