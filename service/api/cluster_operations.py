"""The operations about clusters and about identifiers learnt later."""

from __future__ import annotations

from enum import StrEnum

from service.api.declared import BODY_PROBLEMS, Declared
from service.api.schemas.cluster import (
    ClusterDetailAnswer,
    ClusterPage,
    ContainmentAnswer,
    ContainmentsAnswer,
    ContainRequest,
    CutAnswer,
    CutRequest,
    IdentifiersAnswer,
    IdentifiersRequest,
    PreviewAnswer,
    PreviewRequest,
    ReleaseRequest,
)
from service.domain.caller import Scope


class ClusterOperation(StrEnum):
    """The operations about clusters, by their ``operationId``."""

    READ = "readCluster"
    PREVIEW = "previewContainment"
    CONTAIN = "containCluster"
    RELEASE = "releaseCluster"
    CUT = "cutIdentifier"
    LEARN = "learnIdentifiers"


_TAG = "clusters"

CLUSTER_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=ClusterOperation.READ,
        method="GET",
        path="/v1/clusters/{id}",
        summary="Read a cluster",
        description="Who is in it, what ties them, what it was put together from, and what is held of it.",
        scope=Scope.REVIEW,
        answers={200: ("The cluster with one page of your members.", ClusterDetailAnswer)},
        problems=(404, 422),
        query=ClusterPage,
        tag=_TAG,
    ),
    Declared(
        operation=ClusterOperation.PREVIEW,
        method="POST",
        path="/v1/clusters/{id}/preview",
        summary="See whom a containment would touch",
        description="Changes nothing. Verified-good accounts are counted; they are left alone. Only yours are counted.",
        scope=Scope.REVIEW,
        answers={200: ("Whom it would touch.", PreviewAnswer)},
        request=PreviewRequest,
        problems=(*BODY_PROBLEMS, 404),
        tag=_TAG,
    ),
    Declared(
        operation=ClusterOperation.CONTAIN,
        method="POST",
        path="/v1/clusters/{id}/contain",
        summary="Contain a cluster",
        description=(
            "Holds the identifiers of the pieces with a known fraud, at once: new sign-ups that touch them are denied "
            "or asked for a proof. The worker looks again at the accounts that were let in, and what changes is told "
            "at random times within the policy's window. Above the policy's size it waits (202) until another key of "
            "the same owner asks for the same, `whole` included: then it stands, of those it was asked for, less who "
            "became verified good or left the cluster meanwhile. It touches your accounts alone. 409 when something "
            "else waits, when it is contained already, or when nothing is to be contained."
        ),
        scope=Scope.REVIEW,
        answers={
            200: ("It stands.", ContainmentAnswer),
            202: ("It waits for a second person.", ContainmentAnswer),
        },
        request=ContainRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=_TAG,
    ),
    Declared(
        operation=ClusterOperation.RELEASE,
        method="POST",
        path="/v1/clusters/{id}/release",
        summary="Release a cluster",
        description=(
            "Undoes every containment of it that touches your accounts alone: identifiers are let go at once, and "
            "decisions that it changed become what they were, unless somebody has changed them since. What a person "
            "released is contained again by a person only. 409 when there is none; what touches accounts of other "
            "owners too is released in the console. Members cut out of a contained cluster are released in the one "
            "that they are in now, and alone."
        ),
        scope=Scope.REVIEW,
        answers={200: ("What was released.", ContainmentsAnswer)},
        request=ReleaseRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=_TAG,
    ),
    Declared(
        operation=ClusterOperation.CUT,
        method="POST",
        path="/v1/clusters/{id}/cut",
        summary="Cut an identifier out of a cluster",
        description=(
            "It ties nobody from now on, and members whom nothing else ties leave the cluster. "
            "With `undo` it ties again: a strong one makes one cluster of those who carry it, a medium one ties pairs. "
            "Of several who ask at the same moment one does it, and the others are answered 409. Either is completed "
            "by asking again, a cut after a minute, should it be interrupted. One of your accounts must carry it."
        ),
        scope=Scope.REVIEW,
        answers={200: ("What became of the cluster.", CutAnswer)},
        request=CutRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=_TAG,
    ),
    Declared(
        operation=ClusterOperation.LEARN,
        method="POST",
        path="/v1/signups/{id}/identifiers",
        summary="Add identifiers learnt after the sign-up",
        description=(
            "Addresses of use, new cards, fingerprints of behaviour: brought into their canonical form as at sign-up, "
            "they link the account from now on, and clusters that they tie become one."
        ),
        scope=Scope.SIGNUPS,
        answers={200: ("The cluster that the account is in now.", IdentifiersAnswer)},
        request=IdentifiersRequest,
        problems=(*BODY_PROBLEMS, 404),
    ),
)
