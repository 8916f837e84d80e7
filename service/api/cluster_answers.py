"""Render clusters."""

from __future__ import annotations

from models.linkage.marks import Mark
from service.api.schemas.cluster import (
    ClusterDetailAnswer,
    ClusterLinkAnswer,
    ClusterMemberAnswer,
    ContainmentAnswer,
    MergeAnswer,
    PreviewAnswer,
)
from service.api.schemas.search import cursor_of
from service.domain.cluster import cluster_id
from service.domain.containment import Containment
from service.domain.outcome import Label
from service.usecases.preview_containment import Preview
from service.usecases.read_cluster import ClusterDetail

_LABELS = {Mark.BANNED: Label.FRAUD, Mark.GOOD: Label.LEGITIMATE}


def render_cluster(detail: ClusterDetail) -> bytes:
    """A cluster with one page of its members."""
    answer = ClusterDetailAnswer(
        id=cluster_id(detail.summary.number),
        size=detail.summary.size,
        confirmed_fraud=detail.summary.frauds,
        verified_good=detail.summary.good,
        founded_at=detail.summary.founded_at,
        members=tuple(
            ClusterMemberAnswer(
                id=each.id,
                signup_id=each.signup_id,
                occurred_at=each.occurred_at,
                decision=each.decision,
                label=None if each.label is None else _LABELS.get(each.label),
                links=each.links,
            )
            for each in detail.members
        ),
        next_cursor=None if detail.next_no is None else cursor_of(detail.next_no),
        links=tuple(
            ClusterLinkAnswer(
                identifier=each.handle,
                kind=each.kind,
                members=each.members,
                guard=None if each.guard is None else each.guard.name.lower(),
                guard_reason=each.guard_reason,
            )
            for each in detail.links
        ),
        links_among=detail.looked_at,
        merges=tuple(MergeAnswer(cluster=cluster_id(each.cluster), at=each.at) for each in detail.merges),
        containments=tuple(map(containment_answer, detail.containments)),
    )
    return answer.model_dump_json().encode()


def render_preview(preview: Preview) -> bytes:
    """Who would be touched."""
    plan = preview.plan
    answer = PreviewAnswer(
        id=cluster_id(preview.cluster),
        size=preview.size,
        contained=len(plan.core),
        asked_for_a_proof=len(plan.leaves),
        pieces=plan.pieces,
        confirmed_fraud=plan.frauds,
        verified_good=len(plan.good),
        decisions=dict(preview.decisions),
        second_person=preview.second_person,
    )
    return answer.model_dump_json().encode()


def containment_answer(containment: Containment) -> ContainmentAnswer:
    """A containment."""
    return ContainmentAnswer(
        id=containment.id,
        state=containment.state,
        contained=containment.core,
        asked_for_a_proof=containment.leaves,
        whole=containment.whole,
        reason=containment.reason,
        opened_at=containment.opened_at,
        opened_by=containment.opened_by,
        confirmed_at=containment.confirmed_at,
        confirmed_by=containment.confirmed_by,
        released_at=containment.released_at,
        released_by=containment.released_by,
    )
