"""What gathering cases needs: those that stand where they should not, with the clusters of their sign-ups."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.domain.case import Case


@dataclass(frozen=True, slots=True)
class OfCluster:
    """An unresolved case with the cluster that its sign-up is in now."""

    case: Case
    cluster: int


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a case stands from now on: in front of its cluster, or behind the case that is."""

    case: Case
    cluster: int
    behind: str | None


class Gathering(Protocol):
    """Who stands in front in the queue. Only cases that a decision on a sign-up opened are ever gathered."""

    def ungathered(self, *, limit: int) -> Sequence[OfCluster]:
        """Unresolved cases that were not gathered yet, oldest first."""
        ...

    def left_behind(self, *, limit: int) -> Sequence[OfCluster]:
        """Unresolved cases behind one that is resolved, is itself behind another, or went to another queue."""
        ...

    def fronts(self, clusters: Collection[int]) -> Sequence[OfCluster]:
        """Gathered cases that stand in the queue for these clusters, or for what has become part of them."""
        ...

    def miscounted(self, *, limit: int) -> Sequence[str]:
        """Cases in front that stand for more sign-ups, or for fewer, than their ``size`` says."""
        ...

    def place(self, placed: Sequence[Placed], *, recounted: Collection[str]) -> None:
        """Stage where cases stand, and that each of ``recounted`` stands for itself and the unresolved ones behind it.

        Those resolved meanwhile stay where they are. No case gets another version by it.
        """
        ...

    def scatter(self, signup_nos: Collection[int]) -> None:
        """Stage that the cases of these sign-ups, and what stands behind one of them, are gathered anew.

        Their clusters are others now, and nobody may stay hidden behind somebody else's case.
        """
        ...
