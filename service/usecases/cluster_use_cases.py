"""What callers may do about clusters, in one bundle."""

from __future__ import annotations

from dataclasses import dataclass

from models.reference.reference import Reference
from service.usecases.cluster_file import ReadClusterFile
from service.usecases.contain_cluster import ContainCluster
from service.usecases.cut_identifier import CutIdentifier
from service.usecases.doubt_alone import DoubtAlone
from service.usecases.judge import Judge
from service.usecases.learn_identifiers import LearnIdentifiers
from service.usecases.list_clusters import ListClusters
from service.usecases.open_containment import NewId
from service.usecases.ports import Begin
from service.usecases.read_cluster import ReadCluster
from service.usecases.reveal_identifier import RevealIdentifier


@dataclass(frozen=True, slots=True)
class ClusterUseCases:
    """The use cases behind the endpoints about clusters, and behind the console's pages."""

    read: ReadCluster
    contain: ContainCluster
    cut: CutIdentifier
    learn: LearnIdentifiers
    find: ListClusters
    file: ReadClusterFile
    reveal: RevealIdentifier


def cluster_use_cases(begin: Begin, *, judge: Judge, reference: Reference, new_id: NewId) -> ClusterUseCases:
    """All of them over one store."""
    return ClusterUseCases(
        read=ReadCluster(begin),
        contain=ContainCluster(begin, judge.policy, new_id, DoubtAlone(judge)),
        cut=CutIdentifier(begin),
        learn=LearnIdentifiers(begin, reference),
        find=ListClusters(begin),
        file=ReadClusterFile(begin),
        reveal=RevealIdentifier(begin, reference),
    )
