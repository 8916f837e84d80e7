"""Clusters in memory as the reviewers' pages read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile

from models.linkage.identifier import Strength, strength_of
from models.linkage.marks import Mark
from service.domain.case import CaseState
from service.domain.containment import ContainmentState
from service.domain.outcome import Label, Outcome
from service.storage.instants import instant_of
from service.storage.memory.shelves import Shelves
from service.usecases.ports_cluster_list import (
    Carrier,
    ClusterOrder,
    ClusterQuery,
    ClusterState,
    ListedCluster,
    Moment,
    Standing,
)


class MemoryClusterList:
    """See ``service.usecases.ports_cluster_list.ClusterList``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._clusters = shelves.history.clusters

    def find(self, query: ClusterQuery) -> Sequence[ListedCluster]:
        """See the port."""
        with self._shelves.lock:
            found = [each for each in self._all(query) if _fits(each, query)]
        found.sort(key=lambda each: (*_order(each, query.order), -each.newest_no))
        return tuple(found[query.offset : query.offset + query.limit])

    def moments(self, cluster: int) -> Sequence[Moment]:
        """See the port."""
        with self._shelves.lock:
            if not self._clusters.founded(cluster):
                return ()
            members = [self._clusters.members[number] for number in self._clusters.numbers_of(cluster)]
            return tuple(
                Moment(
                    instant_of(each.occurred_us),
                    each.label,
                    None if each.label is None else instant_of(each.label_us),
                )
                for each in members
            )

    def carriers(self, cluster: int, *, after_no: int = 0, newest: int | None = None) -> Sequence[Carrier]:
        """See the port."""
        with self._shelves.lock:
            if not self._clusters.founded(cluster):
                return ()
            numbers = [number for number in self._clusters.numbers_of(cluster) if number > after_no]
            return tuple(self._carrier(number) for number in numbers[-(newest or len(numbers)) :])

    def standings(self, signup_nos: Sequence[int], *, signals: bool) -> Mapping[int, Standing]:
        """See the port."""
        with self._shelves.lock:
            recorded = [self._shelves.signups[number].recorded() for number in signup_nos]
        return {
            each.signup_no: Standing(last.decision, last.score, last.signals if signals else {})
            for each in recorded
            for last in each.assessments[-1:]
        }

    def _carrier(self, number: int) -> Carrier:
        member, record = self._clusters.members[number], self._shelves.signups[number].record
        return Carrier(
            signup_no=number,
            id=record.id,
            owner=record.owner,
            signup_id=record.signup.signup_id,
            occurred_at=instant_of(member.occurred_us),
            label=member.label,
            keys=tuple(
                (each.kind, each.value.encode())
                for each in member.identifiers
                if strength_of(each.kind) is not Strength.WEAK
            ),
        )

    def bans(self, cluster: int, *, limit: int) -> Sequence[Outcome]:
        """See the port."""
        with self._shelves.lock:
            if not self._clusters.founded(cluster):
                return ()
            found: list[Outcome] = []
            for number in self._clusters.numbers_of(cluster):
                said = self._shelves.outcomes.get(number, ())
                found += dropwhile(lambda each: each.said.label is not Label.FRAUD, said)
        return tuple(sorted(found, key=lambda each: (each.recorded_at, each.signup_no), reverse=True)[:limit])

    def open_cases(self, cluster: int, *, limit: int) -> Sequence[str]:
        """See the port."""
        with self._shelves.lock:
            if not self._clusters.founded(cluster):
                return ()
            members = {self._shelves.signups[number].record.id for number in self._clusters.numbers_of(cluster)}
            cases = self._shelves.cases.values()
            found = [each.id for each in cases if each.record_id in members and each.state is not CaseState.RESOLVED]
            return tuple(found[:limit])

    def _all(self, query: ClusterQuery) -> Iterator[ListedCluster]:
        states = self._states()
        for root in {self._clusters.root(each.cluster) for each in self._clusters.members.values()}:
            numbers = self._clusters.numbers_of(root)
            recorded = [self._shelves.signups[number].record.recorded_at for number in numbers]
            if query.seen_since is not None and max(recorded) < query.seen_since:
                continue
            labels = [self._clusters.members[number].label for number in numbers]
            yield ListedCluster(
                number=root,
                size=len(numbers),
                grown=sum(each >= query.grown_since for each in recorded),
                frauds=labels.count(Mark.BANNED),
                good=labels.count(Mark.GOOD),
                first_no=numbers[0],
                newest_no=numbers[-1],
                state=states.get(root, ClusterState.FREE),
            )

    def _states(self) -> Mapping[int, ClusterState]:
        states: dict[int, ClusterState] = {}
        for kept in self._shelves.containments.values():
            root = self._clusters.root(kept.containment.cluster)
            if kept.containment.state is ContainmentState.PENDING:
                states[root] = ClusterState.WAITING
            elif kept.containment.state is ContainmentState.STANDING:
                for where in {
                    root,
                    *(self._clusters.root(self._clusters.members[each].cluster) for each in kept.members),
                }:
                    states.setdefault(where, ClusterState.CONTAINED)
        return states


def _order(each: ListedCluster, order: ClusterOrder) -> tuple[int, ...]:
    if order is ClusterOrder.GROWTH:
        return -each.grown, -each.size
    if order is ClusterOrder.SIZE:
        return (-each.size,)
    return (-each.frauds, -each.size) if order is ClusterOrder.FRAUD else ()


def _fits(each: ListedCluster, query: ClusterQuery) -> bool:
    return each.size >= query.size_from and each.frauds >= query.frauds_from and query.state in (None, each.state)
