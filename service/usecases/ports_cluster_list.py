"""What the reviewers' pages need of clusters beyond one cluster's members: a list of them, and how members stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from models.linkage.marks import Mark
from models.linkage.pieces import Key
from service.domain.decision import Decision
from service.domain.outcome import Outcome


class ClusterOrder(StrEnum):
    """What a list of clusters begins with."""

    GROWTH = "growth"
    SIZE = "size"
    FRAUD = "fraud"
    NEWEST = "newest"


class ClusterState(StrEnum):
    """What is being done about a cluster."""

    WAITING = "waiting"
    """A containment waits for a second person."""
    CONTAINED = "contained"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class ClusterQuery:
    """Which clusters, in what order.

    Attributes:
        grown_since: from when on members count as growth.
        seen_since: only clusters that somebody joined since; ``None`` lists the old ones too.
        size_from: members; a cluster of one is a sign-up.
        frauds_from: known frauds.
    """

    grown_since: datetime
    seen_since: datetime | None = None
    size_from: int = 2
    frauds_from: int = 0
    state: ClusterState | None = None
    order: ClusterOrder = ClusterOrder.GROWTH
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ListedCluster:
    """One cluster in numbers; ``grown`` is how many joined since the query's instant."""

    number: int
    size: int
    grown: int
    frauds: int
    good: int
    first_no: int
    newest_no: int
    state: ClusterState


@dataclass(frozen=True, slots=True)
class Moment:
    """When a member signed up, and what it is known as since when."""

    occurred_at: datetime
    label: Mark | None
    label_at: datetime | None


@dataclass(frozen=True, slots=True)
class Carrier:
    """A member with what it carries that may tie it: the keys of strong and medium identifiers, as pieces have them."""

    signup_no: int
    id: str
    owner: str
    signup_id: str
    occurred_at: datetime
    label: Mark | None
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sign-up stands by its newest assessment. ``signals`` hold nothing personal; empty when not asked for."""

    decision: Decision
    score: float | None
    signals: Mapping[str, Mapping[str, object]]


class ClusterList(Protocol):
    """Reads for people; none of them is for the hot path."""

    def find(self, query: ClusterQuery) -> Sequence[ListedCluster]:
        """Clusters as they are now; the whole of a large service is counted, which takes a part of a second."""
        ...

    def moments(self, cluster: int) -> Sequence[Moment]:
        """Every member's, in the order of their numbers."""
        ...

    def carriers(self, cluster: int, *, after_no: int = 0, newest: int | None = None) -> Sequence[Carrier]:
        """Members in the order of their numbers: those after a number, or the ``newest`` of them only."""
        ...

    def standings(self, signup_nos: Sequence[int], *, signals: bool) -> Mapping[int, Standing]:
        """How these sign-ups stand, with their signals or without; those that were only recorded are left out."""
        ...

    def bans(self, cluster: int, *, limit: int) -> Sequence[Outcome]:
        """What called members frauds, and what was said of the same members afterwards, the newest first."""
        ...

    def open_cases(self, cluster: int, *, limit: int) -> Sequence[str]:
        """The unresolved cases about members, by id, oldest first."""
        ...
