"""What the use cases of review need from outside: the cases, what was concluded on them, and notes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from models.signup import AccountType
from service.domain.case import Case, CaseKind, CaseState
from service.domain.verdict import Opinion, Verdict

if TYPE_CHECKING:
    from service.usecases.ports import AuditEntry


class CaseOrder(StrEnum):
    """How a list of cases is ordered; the most urgent, riskiest, oldest or largest first.

    Of resolved cases none is urgent: by priority those with the latest verdict come first.
    """

    PRIORITY = "priority"
    RISK = "risk"
    AGE = "age"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases to list; everything given must hold. ``after`` is the (sort value, number) of the last one seen.

    ``queues`` empty means every queue; ``snoozed`` lists those put off past ``now`` instead of the others; ``behind``
    lists the cases that one stands for in the queue, those put off among them.
    """

    now: datetime
    owner: str | None = None
    queues: Collection[str] = ()
    states: tuple[CaseState, ...] = (CaseState.OPEN, CaseState.CLAIMED)
    kind: CaseKind | None = None
    account_type: AccountType | None = None
    reason_code: str | None = None
    risk_from: float | None = None
    risk_below: float | None = None
    size_from: int | None = None
    holder: str | None = None
    unclaimed: bool = False
    overdue: bool = False
    snoozed: bool = False
    record_ids: tuple[str, ...] | None = None
    behind: str | None = None
    order: CaseOrder = CaseOrder.PRIORITY
    after: tuple[float, int] | None = None
    limit: int = 50

    @property
    def names_cases(self) -> bool:
        """Whether it asks for certain cases, which are shown wherever they stand, and not for the queue."""
        return any(each is not None for each in (self.record_ids, self.holder, self.behind))


@dataclass(frozen=True, slots=True)
class ListedCase:
    """One case of a list with its place: ``cursor`` continues after it."""

    case: Case
    cursor: tuple[float, int]


@dataclass(frozen=True, slots=True)
class ClaimNext:
    """Who asks for the next due case, and for how long; ``queues`` empty means every queue."""

    name: str
    owner: str | None
    queues: frozenset[str]
    now: datetime
    lease: timedelta


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How a queue stands: cases nobody holds, of these overdue, and cases in somebody's hands."""

    queue: str
    waiting: int
    overdue: int
    claimed: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on a case. ``text`` may hold personal data and is stored encrypted."""

    at: datetime
    by: str
    text: str


class Cases(Protocol):
    """The reviewers' queue. ``owner=None`` reads across owners."""

    def add(self, case: Case, opened: AuditEntry | None = None) -> None:
        """Stage a new case with its audit entry; neither is there when its subject has an unresolved one by then."""
        ...

    def claim_next(self, claim: ClaimNext, audit: Callable[[Case], AuditEntry]) -> Case | None:
        """Give the most urgent case to exactly one who asks, with its audit entry, at once in one transaction.

        Cases kept for the asker come first; those kept for others, put off, behind another, or judged by the asker
        before are left out; those whose lease has ended are open again.
        """
        ...

    def get(self, owner: str | None, case_id: str) -> Case | None:
        """A case by its id."""
        ...

    def of_subject(self, owner: str | None, subject: str) -> Case | None:
        """The unresolved case of a subject."""
        ...

    def of_record(self, record_id: str) -> Sequence[Case]:
        """Every case about a sign-up, newest first."""
        ...

    def unresolved_about(self, record_ids: Collection[str]) -> Sequence[Case]:
        """Every unresolved case of these sign-ups, oldest first."""
        ...

    def settled_about(self, record_ids: Collection[str], containment_id: str) -> Sequence[Case]:
        """What a containment settled of these sign-ups and nobody reopened since, oldest first.

        Without those whose subject has an unresolved case by now.
        """
        ...

    def settle(self, cases: Sequence[Case]) -> None:
        """Stage that these cases are settled by nobody's verdict, whoever claims them meanwhile.

        Raises:
            ConflictError: (from ``commit``) one was resolved meanwhile.
        """
        ...

    def hand_over(self, record_ids: Collection[str], containment_id: str, another_id: str) -> None:
        """Stage that another containment stands for having settled what this one settled of these sign-ups."""
        ...

    def unsettle(self, cases: Sequence[Case]) -> None:
        """Stage that cases which a containment settled are open again.

        Raises:
            ConflictError: (from ``commit``) one was reopened meanwhile, or its subject has another.
        """
        ...

    def update(self, case: Case) -> None:
        """Stage the next version of a case; where it stands stays as it is.

        Raises:
            ConflictError: (from ``commit``) somebody changed the case meanwhile.
        """
        ...

    def find(self, query: CaseQuery) -> Sequence[ListedCase]:
        """A page of cases; of the unresolved ones behind another only those that the query names."""
        ...

    def counts(self, owner: str | None, *, now: datetime) -> Sequence[QueueCount]:
        """How every queue with unresolved cases stands, by name, without those behind another."""
        ...

    def lapsed(self, *, now: datetime, limit: int) -> Sequence[Case]:
        """Claimed cases whose lease has ended."""
        ...

    def too_quiet(self, *, now: datetime, limit: int) -> Sequence[Case]:
        """Unresolved cases that are to be made louder, without those behind another."""
        ...

    def add_opinion(self, case_id: str, opinion: Opinion) -> None:
        """Stage a conclusion.

        Raises:
            ConflictError: (from ``commit``) the case has one of this version already.
        """
        ...

    def undo_opinion(self, case_id: str, version: int, *, at: datetime) -> None:
        """Stage that a conclusion was taken back."""
        ...

    def opinions(self, case_id: str) -> Sequence[Opinion]:
        """The conclusions on a case, oldest first."""
        ...

    def pairs(self, *, since: datetime) -> Sequence[tuple[Verdict, Verdict]]:
        """The two independent opinions of every double review finished since an instant."""
        ...

    def add_note(self, case_id: str, note: Note) -> None:
        """Stage a note; nothing where the case is not there, because somebody opened the same one a moment before."""
        ...

    def notes(self, case_id: str) -> Sequence[Note]:
        """The notes on a case, oldest first."""
        ...

    def waited(self, *, since: datetime) -> Mapping[str, Sequence[float]]:
        """By queue, how many seconds each case that people resolved since an instant had waited."""
        ...
