"""Preview a containment: whom it would touch, who of them looks honest, and what people said of others before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.linkage.marks import Mark
from service.domain.cluster import cluster_id
from service.domain.containment import Containment, Role
from service.usecases.honest_looking import looks_honest
from service.usecases.part_containment import at_home
from service.usecases.ports import UnitOfWork
from service.usecases.ports_clusters import ClusterMember
from service.usecases.survey_cluster import Plan, Survey, held_by

SIGNALS = 2_000
"""Of the newest so many of those held it is looked whether they look honest: signals are long."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A request that somebody else declined, and the reason they gave, if it is still on record."""

    request: Containment
    reason: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a containment would touch.

    Attributes:
        size: members of the cluster.
        plan: who, and what it would hold.
        members: everybody in the cluster, by number.
        honest: those of the core who look honest, by number.
        decisions: how the core stands now, by decision; those that were only recorded are not in it.
        frauds: known frauds in the cluster, wherever they hang.
        free: members whom no containment holds or waits to hold, verified-good ones left out.
        second_person: whether somebody else must confirm it.
        request: what waits for a second person, where this is whom it would touch.
        containments: those that concern the cluster, newest first.
        declined: the last no to a request about members of it.
    """

    cluster: int
    size: int
    plan: Plan
    members: Mapping[int, ClusterMember]
    honest: tuple[int, ...]
    decisions: Counter[str]
    frauds: int
    free: int
    second_person: bool
    request: Containment | None
    containments: tuple[Containment, ...]
    declined: Declined | None


def preview_of(
    work: UnitOfWork, found: Survey, plan: Plan, *, owner: str | None, above: int, request: Containment | None = None
) -> Preview:
    """Look at those whom a plan would touch; ``above`` so many a second person must confirm it."""
    core = plan.core
    standings = dict(work.cluster_list.standings(core[:-SIGNALS], signals=False))
    standings |= work.cluster_list.standings(core[-SIGNALS:], signals=True)
    held = work.containments.standing_among(found.members.keys())
    mine = {number: member for number, member in found.members.items() if owner in (None, member.owner)}
    containments = at_home(work, found.cluster)
    return Preview(
        cluster=found.cluster,
        size=len(found.members),
        plan=plan,
        members=found.members,
        honest=tuple(each for each in core if looks_honest(found.members[each].label, standings.get(each))),
        decisions=Counter(each.decision.value for each in standings.values()),
        frauds=sum(member.label is Mark.BANNED for member in mine.values()),
        free=sum(member.label is not Mark.GOOD and number not in held for number, member in mine.items()),
        second_person=len(core) > above,
        request=request,
        containments=containments,
        declined=_last_declined(work, found.cluster, containments),
    )


def plan_of_request(work: UnitOfWork, found: Survey, request: Containment) -> Plan:
    """Whom a request that waits would touch if it was confirmed now."""
    good = {number for number, member in found.members.items() if member.label is Mark.GOOD}
    asked = [each for each in work.containments.touched(request.number) if each.signup_no in found.members]
    touched = tuple(each for each in asked if each.signup_no not in good)
    core = {each.signup_no for each in touched if each.role is Role.CORE}
    pieces = [piece for piece in found.judgement.pieces if not core.isdisjoint(piece.accounts)]
    in_its_midst = {*(each.signup_no for each in asked), *(number for piece in pieces for number in piece.accounts)}
    spared = good if request.whole else good & in_its_midst
    return Plan(
        touched=touched,
        keys=held_by(found, core),
        good=tuple(sorted(spared)),
        frauds=sum(found.members[number].label is Mark.BANNED for number in core),
        pieces=len(pieces),
    )


def _last_declined(work: UnitOfWork, cluster: int, containments: Sequence[Containment]) -> Declined | None:
    """Whoever takes their own request back says nothing about the cluster."""
    declined = [each for each in containments if each.declined and each.released_by != each.opened_by]
    if not declined:
        return None
    last = max(declined, key=lambda each: each.released_at or each.opened_at)
    said = (
        entry.detail.get("reason")
        for subject in dict.fromkeys((cluster_id(cluster), cluster_id(last.cluster)))
        for entry in work.audit.entries(subject=subject, actor=last.released_by, action="cluster.")
        if entry.detail.get("containment") == last.id
    )
    reason = next(said, None)
    return Declined(last, None if reason is None else str(reason))
