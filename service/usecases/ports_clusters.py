"""What the use cases need of clusters: members, guards, and what is known of identifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from service.domain.decision import Decision


@dataclass(frozen=True, slots=True, order=True)
class IdentifierKey:
    """An identifier as the store knows it: its kind, and a digest that says nothing of its value."""

    kind: IdentifierKind
    digest: bytes


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """One sign-up in its cluster; ``label`` is BANNED or GOOD once that is known, ``proof`` PASSED or FAILED."""

    signup_no: int
    id: str
    owner: str
    signup_id: str
    occurred_at: datetime
    recorded_at: datetime
    identifiers: tuple[IdentifierKey, ...]
    label: Mark | None
    label_at: datetime | None
    proof: Mark | None = None


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """A cluster in numbers, counted whole."""

    number: int
    founded_at: datetime
    size: int
    frauds: int
    good: int
    first_no: int
    last_no: int


@dataclass(frozen=True, slots=True)
class KeptCompany:
    """The company that a sign-up keeps now: its cluster, others in it and known frauds, each up to ``SATURATION``."""

    cluster: int
    others: int
    frauds: int


@dataclass(frozen=True, slots=True)
class Guard:
    """An identifier that ties nobody, since when, by whom and why; ``until`` ends it by itself.

    ``cluster`` is the one that it was cut out of.
    """

    key: IdentifierKey
    state: GuardState
    since: datetime
    by: str
    reason: str
    until: datetime | None = None
    cluster: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A sign-up is known as GOOD or BANNED since an instant."""

    signup_no: int
    mark: Mark
    at: datetime


@dataclass(frozen=True, slots=True)
class Marked:
    """A sign-up was marked, and where it turned out otherwise, when that was; what a containment holds is no mark."""

    signup_no: int
    mark: Mark
    at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """One cluster became part of another through a sign-up."""

    cluster: int
    into: int
    signup_no: int
    at: datetime


class Clusters(Protocol):
    """Who belongs together. Numbers of clusters are stable; one that became part of another leads there."""

    def root(self, cluster: int) -> int | None:
        """The cluster that a cluster has become part of, itself while it has not; ``None`` when there is none."""
        ...

    def cluster_of(self, signup_no: int) -> int | None:
        """The cluster of a sign-up; ``None`` when it is not recorded."""
        ...

    def clusters_of(self, signup_nos: Sequence[int]) -> Mapping[int, int]:
        """The clusters of sign-ups by their numbers; those that are not recorded are left out."""
        ...

    def leads_to(self, keys: Sequence[IdentifierKey]) -> Mapping[IdentifierKey, int]:
        """The clusters that strong identifiers lead to; those that nobody carried unguarded are left out."""
        ...

    def summary(self, cluster: int) -> ClusterSummary | None:
        """A cluster counted whole; not for the hot path."""
        ...

    def kept_by(self, signup_no: int) -> KeptCompany | None:
        """The company that a sign-up keeps, at one read however large the cluster is; ``None`` if it is alone."""
        ...

    def sizes(self, clusters: Sequence[int]) -> Mapping[int, int]:
        """How many members clusters have that are part of no other, by number; those without any are left out."""
        ...

    def members(self, cluster: int, *, after_no: int = 0, limit: int | None = None) -> Sequence[ClusterMember]:
        """The members in the order of their numbers, those after ``after_no`` first."""
        ...

    def newest(self, cluster: int, *, limit: int) -> Sequence[ClusterMember]:
        """The newest members, the newest of them last; empty for an unknown cluster."""
        ...

    def member(self, signup_no: int) -> ClusterMember | None:
        """One member."""
        ...

    def several(self, signup_nos: Sequence[int]) -> Sequence[ClusterMember]:
        """Members by their numbers, in no particular order; those that do not exist are left out."""
        ...

    def carriers(
        self, key: IdentifierKey, *, limit: int, once: Decision | None = None, since: datetime | None = None
    ) -> Sequence[ClusterMember]:
        """The newest sign-ups that carry an identifier.

        With ``once`` those of which this was decided at some time, with ``since`` those that were recorded since.
        """
        ...

    def recent(self, *, after_no: int, limit: int) -> Sequence[ClusterMember]:
        """Members of any cluster numbered after ``after_no``, in the order of their numbers: for looking again."""
        ...

    def last_no(self) -> int:
        """The number of the newest member of any cluster; 0 without one."""
        ...

    def merges(self, cluster: int, *, limit: int = 1_000) -> Sequence[Merged]:
        """What became part of a cluster, newest first."""
        ...

    def praised(self, kind: IdentifierKind, *, at_least: int, limit: int) -> Sequence[IdentifierKey]:
        """Identifiers of a kind that at least so many accounts known as good carry; not for the hot path."""
        ...

    def known_of(self, key: IdentifierKey, *, limit: int) -> Sequence[Known]:
        """Who is known as good or as fraud among those that carry an identifier, the newest of each first."""
        ...

    def marked(self) -> Sequence[Marked]:
        """Everything that ever became known of sign-ups, in the order of time: to live through it again."""
        ...

    def mark(self, signup_no: int, mark: Mark, *, at: datetime) -> None:
        """Stage: something is known of a sign-up, on each of its identifiers; BANNED and GOOD label it as a member."""
        ...

    def unmark(self, signup_no: int, mark: Mark, *, at: datetime) -> None:
        """Stage: it turned out otherwise; the marks stay on record and count nowhere."""
        ...

    def hold(self, keys: Iterable[IdentifierKey], containment_no: int, *, at: datetime) -> None:
        """Stage: a containment holds these identifiers."""
        ...

    def let_go(self, containment_no: int, *, at: datetime, keys: Iterable[IdentifierKey] | None = None) -> None:
        """Stage: a containment no longer holds these identifiers, or any."""
        ...

    def holding(self, keys: Collection[IdentifierKey]) -> Mapping[int, frozenset[IdentifierKey]]:
        """The containments that hold any of these identifiers, with those that each holds; guarded ones hold nobody."""
        ...

    def held_by_learning(self, signup_no: int) -> Mapping[IdentifierKey, datetime]:
        """What is held since this sign-up learnt something, and by nobody longer, with since when; nothing guarded."""
        ...

    def guards(self, keys: Iterable[IdentifierKey] | None = None) -> Sequence[Guard]:
        """The guards on these identifiers, or all of them."""
        ...

    def set_guard(self, guard: Guard) -> None:
        """Stage: an identifier ties nobody from now on. Members that it tied stay together until ``split``.

        Raises:
            ConflictError: at commit; it is guarded by then, by whomever and for whatever reason.
        """
        ...

    def lift_guard(self, guard: Guard) -> None:
        """Stage: it ties again; ``lead`` it to those that carry it, and ``unite`` them.

        Raises:
            ConflictError: at commit; this guard was lifted meanwhile, though another may stand in its place.
        """
        ...

    def lead(self, key: IdentifierKey, signup_no: int) -> None:
        """Stage: a strong identifier leads from now on to where this sign-up is then, which carries it."""
        ...

    def hold_of(self, key: IdentifierKey, *, at: datetime) -> None:
        """Stage, after ``lift_guard``: whatever containment stands then with somebody in its core who carries this
        identifier by then, and is not known as good, holds it too.
        """
        ...

    def hold_carried(self, signup_nos: Collection[int], *, at: datetime) -> None:
        """Stage: whatever containments stand then with some of these sign-ups in their core hold every unguarded strong
        identifier that these carry then, but for who is known as good.

        Raises:
            ConflictError: at commit; something is being written about one of them at this moment, ask again.
        """
        ...

    def split(
        self,
        cluster: int,
        parts: Sequence[Sequence[int]],
        anchors: Sequence[tuple[IdentifierKey, int]],
        carried: Mapping[int, int],
    ) -> None:
        """Move members out of a cluster into new ones, at once, in a transaction of its own.

        Args:
            cluster: keeps the members that no part names.
            parts: numbers of the members of each new cluster.
            anchors: which cluster a strong identifier leads to from now on, by a member of it.
            carried: how many identifiers each of those who leave had when the parts were computed.

        Raises:
            ConflictError: a member left the cluster, or learnt something, meanwhile; compute the parts again.
        """
        ...

    def move(
        self,
        cluster: int,
        signup_nos: Sequence[int],
        into: int,
        anchors: Sequence[IdentifierKey],
        carried: Mapping[int, int],
    ) -> None:
        """Move members out of a cluster into one that there is, at once, in a transaction of its own.

        Args:
            cluster: keeps its other members.
            signup_nos: who moves.
            into: where to.
            anchors: strong identifiers that lead there from now on.
            carried: as for ``split``.

        Raises:
            ConflictError: a member left, or learnt something, meanwhile, or one of the two became part of another.
        """
        ...

    def unite(self, clusters: Sequence[int], *, through: int, at: datetime) -> None:
        """Make clusters one, at once, in a transaction of its own; ``through`` is the sign-up that ties them."""
        ...

    def newest_bans(self, clusters: Collection[int]) -> Mapping[int, datetime]:
        """When the newest known fraud of each of these clusters became known; those without one are left out."""
        ...

    def learnt_after(self, signup_no: int, instant: datetime) -> frozenset[IdentifierKey]:
        """The identifiers of a member that were added after an instant."""
        ...

    def add_identifiers(self, signup_no: int, identifiers: Sequence[Identifier], *, at: datetime) -> None:
        """Stage: a recorded sign-up turns out to carry further identifiers; they link from now on, and tie clusters.

        ``at`` is when they became known: the time of their links. What is known of the sign-up marks them too. Those
        it carries already change nothing.
        """
        ...

    def waiting(self) -> Sequence[int]:
        """The sign-ups that tie clusters which are still to be united, or learnt what may, by number."""
        ...

    def settle(self, signup_nos: Collection[int] | None = None, *, at: datetime) -> int:
        """Unite what these sign-ups tie, or whoever waits, and move members that joined a cluster just as it became
        part of another; how much was done. At once, in transactions of its own, after which these wait no longer.
        """
        ...

    def simultaneous(self, *, within: timedelta, limit: int) -> Sequence[int]:
        """Of the newest sign-ups those that came within moments of another, could not see it, share two medium
        identifiers with it and are in another cluster: by number, to be looked at again.
        """
        ...

    def keys_of(self, identifiers: Sequence[tuple[IdentifierKind, str]]) -> Sequence[IdentifierKey]:
        """The keys of identifiers by kind and canonical value, under every key version, newest first."""
        ...
