"""Contain a cluster: by a person, a second one above a size, or by evidence alone; and release it again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.cluster import cluster_id, cluster_number
from service.domain.containment import Containment, ContainmentState, oldest_first
from service.domain.errors import ConflictError, NotFoundError
from service.domain.policy import Policy
from service.domain.policy_sections.clusters import ClusterLines
from service.usecases.branches import Branches
from service.usecases.confirm_containment import confirm_containment
from service.usecases.decline_containment import decline_containment
from service.usecases.doubt_alone import DoubtAlone
from service.usecases.open_containment import NewId, open_containment
from service.usecases.own_accounts import of_own, plan_of_own, with_others
from service.usecases.part_containment import PartContainments, has_core_in, of_another_cluster
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.preview_containment import Preview, plan_of_request, preview_of
from service.usecases.settle_cases import settle_case_of
from service.usecases.survey_cluster import (
    Plan,
    Survey,
    plan_of,
    plan_of_everybody,
    survey,
    suspicious,
)
from service.usecases.try_again import tried_again


@dataclass(frozen=True, slots=True)
class ContainCluster:
    """What a person does about a cluster."""

    begin: Begin
    policy: Callable[[], Policy]
    new_id: NewId
    doubt: DoubtAlone

    def preview(self, name: str, *, owner: str | None, whole: bool = False, as_asked: bool = False) -> Preview:
        """Who would be touched if the cluster was contained now.

        Args:
            name: the cluster's id.
            owner: whose accounts of the cluster; ``None`` sees every owner's.
            whole: everybody in it, whatever its structure.
            as_asked: where a request waits for a second person, whom that one would touch, whatever it asks for.

        Raises:
            NotFoundError: there is no such cluster for this owner.
        """
        lines = self._lines()
        with self.begin() as work:
            found = survey(work, find_cluster(work, name, owner), lines)
            waiting = _waiting_here(work, found.cluster, owner) if as_asked else []
            request = next(iter(waiting), None)
            if request is None:
                plan = self._plan(work, found, lines, owner=owner, whole=whole)
            else:
                plan = plan_of_own(found, plan_of_request(work, found, request), owner)
            above = lines.containment.second_person_above
            return preview_of(work, found, plan, owner=owner, above=above, request=request)

    @tried_again
    def contain(
        self, name: str, *, owner: str | None, by: str, reason: str, now: datetime, whole: bool = False
    ) -> Containment:
        """Contain the pieces with a known fraud, or confirm the same containment that waits for a second person.

        Raises:
            NotFoundError: there is no such cluster for this owner.
            ConflictError: it is contained already, there is nothing to contain, somebody else must confirm it, or what
                waits was asked for otherwise.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            waiting = _waiting_here(work, cluster, owner)
            # Clusters that became one may have a request each: nobody confirms their own.
            same = sorted((each for each in waiting if each.whole is whole), key=lambda each: each.opened_by == by)
            if same:
                done = self._confirmed(work, cluster, same[0], by=by, now=now)
            elif waiting:
                raise ConflictError(_what_waits(waiting[0]))
            else:
                done = self._started(work, cluster, owner=owner, by=by, reason=reason, now=now, whole=whole, ask=False)
            work.commit()
        return done

    @tried_again
    def start(
        self, name: str, *, owner: str | None, by: str, reason: str, now: datetime, whole: bool = False, ask: bool
    ) -> Containment:
        """Contain, and never confirm what somebody else started meanwhile.

        Args:
            ask: have a second person confirm it, however small it is.

        Raises:
            NotFoundError: there is no such cluster for this owner.
            ConflictError: one waits already, it is contained already, or there is nothing to contain.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            if _waiting_here(work, cluster, owner):
                raise ConflictError("A containment of this cluster waits for a second person already.")
            started = self._started(work, cluster, owner=owner, by=by, reason=reason, now=now, whole=whole, ask=ask)
            work.commit()
        return started

    def confirm(self, name: str, containment: str, *, owner: str | None, by: str, now: datetime) -> Containment:
        """A second person's yes to the containment that they looked at, by its id.

        Raises:
            NotFoundError: there is no such cluster for this owner.
            ConflictError: it no longer waits, or whoever confirms it asked for it.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            pending = next((each for each in _waiting(work, cluster, owner) if each.id == containment), None)
            if pending is None:
                raise ConflictError("This request no longer waits; look at the cluster again.")
            confirmed = self._confirmed(work, cluster, pending, by=by, now=now)
            work.commit()
        return confirmed

    def decline(self, name: str, containment: str, *, owner: str | None, by: str, reason: str, now: datetime) -> None:
        """A second person's no, or the first one's change of mind: nobody was touched, and nobody is.

        Raises:
            NotFoundError: there is no such cluster for this owner.
            ConflictError: it no longer waits.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            pending = next((each for each in _waiting(work, cluster, owner) if each.id == containment), None)
            if pending is None:
                raise ConflictError("This request no longer waits; look at the cluster again.")
            touched = [each.signup_no for each in work.containments.touched(pending.number)]
            clusters = set(work.clusters.clusters_of(touched).values())
            decline_containment(work, pending, clusters, by=by, now=now)
            _take_up_corrections(work, clusters, now=now)
            detail: dict[str, object] = {"containment": pending.id, "opened_by": pending.opened_by, "reason": reason}
            work.audit.add(AuditEntry(now, by, "cluster.containment_declined", cluster_id(cluster), detail))
            work.commit()

    def waiting(self) -> Sequence[Containment]:
        """What waits for a second person, oldest first."""
        with self.begin() as work:
            return work.containments.waiting()

    @tried_again
    def release(self, name: str, *, owner: str | None, by: str, reason: str, now: datetime) -> tuple[Containment, ...]:
        """Undo every containment of the cluster that stands or waits: what it holds is let go at once, and the worker
        gives each decision that it changed back as it was, unless somebody changed it since. Who was asked or denied
        meanwhile for touching what it held is looked at again, whoever's it is. An owner undoes those containments that
        touch their accounts alone.

        Where members were cut out since, only what concerns those who are in this cluster now is undone; what waits to
        be confirmed here is off the table once nobody of its core is left here.

        Raises:
            NotFoundError: there is no such cluster for this owner.
            ConflictError: it is not contained.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            touching = work.containments.touching(cluster)
            concerned = PartContainments(work, cluster, owner, by, now, self.new_id)()
            standing = concerned.parts
            if not standing:
                raise ConflictError(_WITH_OTHERS if concerned.with_others else "The cluster is not contained.")
            let_go: list[Containment] = []
            for each in standing:
                detail: dict[str, object] = {"containment": each.id, "reason": reason, "core": each.core}
                if each.state is ContainmentState.PENDING:
                    decline_containment(work, each, concerned.clusters, by=by, now=now)
                    detail["waited"] = True
                else:
                    let_go.append(each)
                    settle_case_of(work, each, now=now)
                work.audit.add(AuditEntry(now, by, "cluster.released", cluster_id(cluster), detail))
            if let_go:
                _let_go(work, let_go, cluster, touching, by=by, now=now)
            _take_up_corrections(work, concerned.clusters, now=now)
            work.commit()
            every = (*work.containments.touching(cluster), *work.containments.of_cluster(cluster))
            found = {each.number: each for each in every}
            return tuple(found[each.number] for each in standing)

    def _started(
        self,
        work: UnitOfWork,
        cluster: int,
        *,
        owner: str | None,
        by: str,
        reason: str,
        now: datetime,
        whole: bool,
        ask: bool,
    ) -> Containment:
        lines, number = self._lines(), work.containments.next_number()
        found = survey(work, cluster, lines)
        plan = self._plan(work, found, lines, owner=owner, whole=whole)
        if not plan.core:
            raise ConflictError(_nothing_left(work, cluster, owner))
        pending = ask or len(plan.core) > lines.containment.second_person_above
        return open_containment(
            work,
            found,
            plan,
            number=number,
            by=by,
            reason=reason,
            pending=pending,
            now=now,
            new_id=self.new_id,
            whole=whole,
        )

    def _confirmed(
        self, work: UnitOfWork, cluster: int, pending: Containment, *, by: str, now: datetime
    ) -> Containment:
        found = survey(work, cluster, self._lines())
        return confirm_containment(work, found, pending, by=by, now=now, new_id=self.new_id)

    def _plan(self, work: UnitOfWork, found: Survey, lines: ClusterLines, *, owner: str | None, whole: bool) -> Plan:
        already = work.containments.standing_among(found.members.keys())
        if whole:
            return plan_of_own(found, plan_of_everybody(found, already=already), owner)
        asked = work.containments.asked_among(found.members.keys())
        plan = plan_of(found, suspicious(found), already=already, asked=asked)
        branches = Branches(work, self.doubt, found, lines)
        return plan_of_own(found, branches.with_them(plan, already=already, asked=asked), owner)

    def _lines(self) -> ClusterLines:
        return self.policy().document.clusters


def _let_go(
    work: UnitOfWork,
    let_go: Sequence[Containment],
    cluster: int,
    touching: Sequence[Containment],
    *,
    by: str,
    now: datetime,
) -> None:
    """Stage the release of these of a cluster's containments, whose members all of those were ``touching`` before."""
    # In the order in which the worker takes them, so that neither waits for what the other has taken.
    for number in sorted(each.number for each in let_go):
        work.containments.release(number, at=now, by=by)
    numbers = oldest_first(let_go)
    for number in numbers:
        work.containments.look_again_at_touched(number)
        work.clusters.let_go(number, at=now)
    # Whoever came while an earlier one stood may have been kept out by both, one after the other; and of one that was
    # parted just now the other part has held what this one holds no more.
    since = min(each.opened_at for each in (*touching, *let_go))
    held_by = {*numbers, *(each.number for each in touching if each.state is ContainmentState.STANDING)}
    work.containments.look_again_at(numbers, cluster=cluster, since=since, held_by=held_by)


def _take_up_corrections(work: UnitOfWork, clusters: Collection[int], *, now: datetime) -> None:
    """Stage that bans are undone which were corrected while something was contained near them, or waited to be."""
    for cluster in sorted(clusters):
        work.after_bans.take_up(cluster, at=now)


_PAGE = 500


def find_cluster(work: UnitOfWork, name: str, owner: str | None) -> int:
    """The number of what the cluster with this id has become.

    Raises:
        NotFoundError: there is none, or none with a member of this owner.
    """
    number = cluster_number(name)
    root = None if number is None else work.clusters.root(number)
    if root is None or not _is_of(work, root, owner):
        raise NotFoundError("There is no such cluster.")
    return root


def _is_of(work: UnitOfWork, cluster: int, owner: str | None) -> bool:
    after_no = 0
    while owner is not None:
        page = work.clusters.members(cluster, after_no=after_no, limit=_PAGE)
        if any(member.owner == owner for member in page):
            return True
        if len(page) < _PAGE:
            return False
        after_no = page[-1].signup_no
    return True


_WITH_OTHERS = (
    "The containment touches accounts of other owners too: a reviewer in the console, who sees every owner's, confirms "
    "or releases it."
)


def _waiting(work: UnitOfWork, cluster: int, owner: str | None) -> list[Containment]:
    pending = [each for each in work.containments.of_cluster(cluster) if each.state is ContainmentState.PENDING]
    return of_own(work, pending, owner)


def _waiting_here(work: UnitOfWork, cluster: int, owner: str | None) -> list[Containment]:
    """What waits, but for requests of whose core nobody is left here: they keep nobody from another one."""
    return [each for each in _waiting(work, cluster, owner) if has_core_in(work, each, cluster)]


def _what_waits(pending: Containment) -> str:
    what, how = ("the whole cluster", "with 'whole': true") if pending.whole else ("its pieces", "without 'whole'")
    return (
        f"A containment of {what} waits for a second person, of {pending.core} accounts when it was asked for. "
        f"Somebody else confirms it by asking for the same, {how}; 'release' takes it off the table."
    )


def _nothing_left(work: UnitOfWork, cluster: int, owner: str | None) -> str:
    containments = work.containments.of_cluster(cluster)
    pending = [each for each in containments if each.state is ContainmentState.PENDING]
    if with_others(work, pending, owner):
        return _WITH_OTHERS
    if any(each.state is ContainmentState.STANDING for each in containments):
        return "The cluster is contained already."
    if others := of_another_cluster(work, cluster):
        standing = [each for each in others if each.state is ContainmentState.STANDING]
        first = (standing or others)[0].cluster
        what = "are contained" if standing else "wait to be contained"
        other = cluster_id(work.clusters.root(first) or first)
        return f"Members of it {what} with {other}, which they were cut out of; a release here is of them alone."
    return "No piece of the cluster that holds together has a known fraud; 'whole' contains everybody in it."
