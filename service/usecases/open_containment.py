"""Open a containment: stage it with the members it touches, and tell their owners once it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from service.domain.cluster import cluster_id
from service.domain.containment import Containment, ContainmentState
from service.domain.event import Event, EventType
from service.usecases.ports import AuditEntry, UnitOfWork
from service.usecases.survey_cluster import Plan, Survey

NewId = Callable[[datetime], str]


def open_containment(
    work: UnitOfWork,
    found: Survey,
    plan: Plan,
    *,
    number: int,
    by: str,
    reason: str,
    pending: bool,
    now: datetime,
    new_id: NewId,
    whole: bool = False,
) -> Containment:
    """Stage a containment: its members wait for the worker; its identifiers are held at once unless it is pending.

    ``number`` was the next one before the survey was made: whoever contains at the same moment takes it too, and is
    refused.
    """
    containment = Containment(
        number=number,
        id=new_id(now),
        cluster=found.cluster,
        state=ContainmentState.PENDING if pending else ContainmentState.STANDING,
        core=len(plan.core),
        leaves=len(plan.leaves),
        opened_at=now,
        opened_by=by,
        reason=reason,
        whole=whole,
    )
    work.containments.open(containment, plan.touched)
    detail: dict[str, object] = {
        "containment": containment.id,
        "reason": reason,
        "core": containment.core,
        "leaves": containment.leaves,
        "whole": whole,
        "good_left_alone": len(plan.good),
    }
    action = "cluster.containment_proposed" if pending else "cluster.contained"
    work.audit.add(AuditEntry(now, by, action, cluster_id(found.cluster), detail))
    if not pending:
        work.clusters.hold(plan.keys, containment.number, at=now)
        work.events.add(*contained_events(found, containment, plan.core, now=now, new_id=new_id))
    return containment


def contained_events(
    found: Survey, containment: Containment, core: Sequence[int], *, now: datetime, new_id: NewId
) -> tuple[Event, ...]:
    """One event for every owner of a member that is contained."""
    owners = Counter(found.members[number].owner for number in core if number in found.members)
    return tuple(
        Event(
            id=new_id(now),
            type=EventType.CLUSTER_CONTAINED,
            owner=owner,
            subject=cluster_id(found.cluster),
            occurred_at=now,
            due_at=now,
            data={
                "cluster": cluster_id(found.cluster),
                "containment": containment.id,
                "size": len(found.members),
                "contained": containment.core,
                "contained_of_yours": count,
                "asked_for_a_proof": containment.leaves,
                "reason": containment.reason,
                "by": containment.opened_by,
            },
        )
        for owner, count in sorted(owners.items())
    )
