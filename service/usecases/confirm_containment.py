"""Confirm a containment that waits: what was asked for, less whoever must not be touched any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.cluster import cluster_id
from service.domain.containment import Containment, ContainmentState, Role
from service.domain.errors import ConflictError
from service.usecases.open_containment import NewId, contained_events
from service.usecases.ports import AuditEntry, UnitOfWork
from service.usecases.survey_cluster import Survey, held_by


def confirm_containment(
    work: UnitOfWork, found: Survey, pending: Containment, *, by: str, now: datetime, new_id: NewId
) -> Containment:
    """Stage: it stands, of those whom it was asked for.

    Whoever joined since is not among them. Whoever became known as good or left the cluster meanwhile is left out, and
    evidence against those who left counts where they are now.

    Raises:
        ConflictError: whoever confirms it asked for it, or nobody is left of those whom it would contain.
    """
    if pending.opened_by == by:
        raise ConflictError("The containment waits to be confirmed by somebody else.")
    asked = work.containments.touched(pending.number)
    left_out = {each.signup_no for each in asked if _is_left_alone(found, each.signup_no)}
    standing = [each for each in asked if each.signup_no not in left_out]
    core = [each.signup_no for each in standing if each.role is Role.CORE]
    if not core:
        raise ConflictError("Nobody is left of those whom it would contain: release or decline it.")
    confirmed = replace(
        pending,
        state=ContainmentState.STANDING,
        core=len(core),
        leaves=len(standing) - len(core),
        confirmed_at=now,
        confirmed_by=by,
    )
    work.containments.confirm(confirmed, without=left_out)
    left = [number for number in sorted(left_out) if number not in found.members]
    work.containments.judge_again(set(work.clusters.clusters_of(left).values()), since=pending.opened_at)
    work.clusters.hold(held_by(found, core), confirmed.number, at=now)
    detail: dict[str, object] = {
        "containment": confirmed.id,
        "opened_by": confirmed.opened_by,
        "core": confirmed.core,
        "leaves": confirmed.leaves,
        "left_out": len(left_out),
    }
    work.audit.add(AuditEntry(now, by, "cluster.contained", cluster_id(found.cluster), detail))
    work.events.add(*contained_events(found, confirmed, core, now=now, new_id=new_id))
    return confirmed


def _is_left_alone(found: Survey, signup_no: int) -> bool:
    member = found.members.get(signup_no)
    return member is None or member.label is Mark.GOOD
