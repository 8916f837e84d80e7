"""Who stands in front in the reviewers' queue, in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from service.domain.case import ONE_SIGNUP, Case, CaseKind, CaseState
from service.storage.memory.cases import is_queued
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_gathering import OfCluster, Placed


class MemoryGathering:
    """See ``service.usecases.ports_gathering.Gathering``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def ungathered(self, *, limit: int) -> Sequence[OfCluster]:
        """See the port."""
        with self._shelves.lock:
            return self._with_clusters(
                [
                    case
                    for case in self._unresolved()
                    if case.kind is CaseKind.REVIEW and case.cluster is None and case.subject.startswith(ONE_SIGNUP)
                ]
            )[:limit]

    def left_behind(self, *, limit: int) -> Sequence[OfCluster]:
        """See the port."""
        with self._shelves.lock:
            cases = self._shelves.cases
            left = [
                case
                for case in self._unresolved()
                if case.behind is not None
                and (not is_queued(cases[case.behind]) or cases[case.behind].queue != case.queue)
            ]
            return self._with_clusters(left)[:limit]

    def fronts(self, clusters: Collection[int]) -> Sequence[OfCluster]:
        """See the port."""
        with self._shelves.lock:
            root = self._shelves.history.clusters.root
            gathered = [
                OfCluster(case, root(case.cluster))
                for case in self._unresolved()
                if case.cluster is not None and is_queued(case)
            ]
            return tuple(each for each in gathered if each.cluster in clusters)

    def miscounted(self, *, limit: int) -> Sequence[str]:
        """See the port."""
        with self._shelves.lock:
            return tuple(
                case.id
                for case in self._unresolved()
                if is_queued(case) and case.cluster is not None and case.size != self._counted(case.id)
            )[:limit]

    def place(self, placed: Sequence[Placed], *, recounted: Collection[str]) -> None:
        """See the port."""

        def write() -> Undo:
            cases = self._shelves.cases
            before = {case_id: cases[case_id] for case_id in {*(each.case.id for each in placed), *recounted}}
            for each in placed:
                case = cases[each.case.id]
                if case.state is not CaseState.RESOLVED:
                    cases[case.id] = replace(case, cluster=each.cluster, behind=each.behind)
            cases.update({case_id: replace(cases[case_id], size=self._counted(case_id)) for case_id in recounted})
            return lambda: cases.update(before)

        self._staged.append(write)

    def scatter(self, signup_nos: Collection[int]) -> None:
        """See the port."""
        wanted = frozenset(signup_nos)

        def write() -> Undo:
            cases, numbers = self._shelves.cases, self._shelves.by_id
            parting = {record_id for record_id, number in numbers.items() if number in wanted}
            own = {case.id for case in self._unresolved() if case.record_id in parting}
            parted = {case.id: case for case in self._unresolved() if case.id in own or case.behind in own}
            cases.update({name: replace(case, cluster=None, behind=None) for name, case in parted.items()})
            return lambda: cases.update(parted)

        self._staged.append(write)

    def _unresolved(self) -> list[Case]:
        return [case for case in self._shelves.cases.values() if case.state is not CaseState.RESOLVED]

    def _counted(self, case_id: str) -> int:
        return 1 + sum(each.behind == case_id for each in self._unresolved())

    def _with_clusters(self, cases: Sequence[Case]) -> tuple[OfCluster, ...]:
        numbers, clusters = self._shelves.by_id, self._shelves.history.clusters
        return tuple(
            OfCluster(case, clusters.root(clusters.members[numbers[case.record_id]].cluster))
            for case in cases
            if case.record_id in numbers
        )
