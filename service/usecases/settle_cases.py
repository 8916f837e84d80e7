"""Settle cases by a containment, or its release: what that has answered already is not left in the queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from service.domain.case import PIECE, UNFOUNDED, Case, CaseKind
from service.domain.containment import WORKER, Containment, Progress, Role, Task
from service.domain.decision import Decision
from service.usecases.open_case import subject_of, vouched_subject
from service.usecases.ports import AuditEntry, Recorded, UnitOfWork


@dataclass(slots=True)
class CasesOfBatch:
    """The cases of the members of one batch: read at once before it, and written at once with it.

    Settled are cases that a decision opened and cases of pieces; never an appeal, never one that a person opened, of
    which ``of_others`` has the sign-ups.
    """

    now: datetime
    unresolved: Mapping[str, list[Case]]
    of_others: Set[str]
    settled: Mapping[tuple[str, str], list[Case]]
    _settling: list[tuple[str, Case]] = field(default_factory=list)
    _reopening: list[tuple[str, Case]] = field(default_factory=list)

    @classmethod
    def of(cls, work: UnitOfWork, tasks: Iterable[Task], records: Mapping[int, Recorded], now: datetime) -> Self:
        """Read them: one question for members to be held, one for those of each containment to be released."""
        waiting: list[str] = []
        restoring: dict[str, list[str]] = defaultdict(list)
        for task in tasks:
            recorded = records.get(task.touched.signup_no)
            if recorded is None or task.touched.role is not Role.CORE:
                continue
            if task.progress is Progress.RESTORING:
                restoring[task.containment_id].append(recorded.id)
            else:
                waiting.append(recorded.id)
        unresolved: dict[str, list[Case]] = defaultdict(list)
        of_others: set[str] = set()
        for case in work.cases.unresolved_about(waiting):
            if case.record_id is not None and case.kind is CaseKind.REVIEW:
                unresolved[case.record_id].append(case)
            elif case.record_id is not None:
                of_others.add(case.record_id)
        settled: dict[tuple[str, str], list[Case]] = defaultdict(list)
        for containment_id, record_ids in restoring.items():
            for case in work.cases.settled_about(record_ids, containment_id):
                settled[containment_id, case.record_id or ""].append(case)
        return cls(now, unresolved, of_others, settled)

    def await_nobody_else(self, recorded: Recorded) -> bool:
        """Whether nothing but a decision of the service holds a sign-up that is in review: no person's own case does.

        Earlier releases held accounts after a ban without opening a case: those wait for nobody at all.
        """
        own = any(_is_its_own(case, recorded) for case in self.unresolved.get(recorded.id, ()))
        return own or recorded.id not in self.of_others

    def settle(self, task: Task, recorded: Recorded, decision: Decision) -> bool:
        """Close what the containment has answered, where ``decision`` is what stands now; whether that was anything.

        A policy that does not deny the held leaves the account's own case to a person.
        """
        if task.touched.role is not Role.CORE:
            return False
        closing = [
            case
            for case in self.unresolved.get(recorded.id, ())
            if case.subject.startswith(PIECE)
            or (decision is Decision.DENY and (_is_its_own(case, recorded) or _is_of_a_second_judge(case, recorded)))
        ]
        self._settling += [(task.containment_id, case.settled(task.containment_id, now=self.now)) for case in closing]
        return bool(closing)

    def has_closed(self, task: Task, recorded: Recorded) -> bool:
        """Whether the containment had closed anything that nobody else has touched since."""
        return bool(self.settled.get((task.containment_id, recorded.id)))

    def reopen(self, task: Task, recorded: Recorded) -> None:
        """Put back what the containment had closed, and nobody else has touched since."""
        closed = self.settled.get((task.containment_id, recorded.id), ())
        self._reopening += [(task.containment_id, case.unsettled()) for case in closed]

    def stage(self, work: UnitOfWork) -> None:
        """Stage all of it with its audit entries."""
        work.cases.settle([case for _, case in self._settling])
        work.cases.unsettle([case for _, case in self._reopening])
        work.audit.add(
            *(self._entry("case.settled", of, case) for of, case in self._settling),
            *(self._entry("case.unsettled", of, case) for of, case in self._reopening),
        )

    def _entry(self, action: str, containment_id: str, case: Case) -> AuditEntry:
        detail: dict[str, object] = {"containment": containment_id}
        if case.verdict is not None:
            detail |= {"verdict": case.verdict.value, "reason_code": case.reason_code}
        return AuditEntry(self.now, WORKER, action, case.id, detail)


def settle_case_of(work: UnitOfWork, released: Containment, *, now: datetime) -> None:
    """Stage, with the release of a containment, that the case which asks for it is closed, in whosever hands it is."""
    case = work.cases.of_subject(None, f"{UNFOUNDED}{released.id}")
    if case is None:
        return
    work.cases.settle([case.settled_by_release(released.id, now=now)])
    work.audit.add(AuditEntry(now, WORKER, "case.settled_by_release", case.id, {"containment": released.id}))


def _is_its_own(case: Case, recorded: Recorded) -> bool:
    return case.subject == subject_of(recorded.id)


def _is_of_a_second_judge(case: Case, recorded: Recorded) -> bool:
    return case.subject == vouched_subject(recorded.id)
