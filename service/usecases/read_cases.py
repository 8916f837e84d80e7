"""Read the queue: pages of cases, one case with everything on it, and how the queues stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.case import Case, CaseKind, CaseState
from service.domain.reviewer import Acting
from service.domain.verdict import Opinion
from service.usecases.handle_cases import case_for
from service.usecases.ports import AuditEntry, Begin
from service.usecases.ports_cases import CaseQuery, ListedCase, Note, QueueCount

HISTORY_SHOWN = 200


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page. ``after`` continues it, if there is more."""

    items: tuple[ListedCase, ...]
    after: tuple[float, int] | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what was concluded, written and done on it, oldest first."""

    case: Case
    opinions: tuple[Opinion, ...]
    notes: tuple[Note, ...]
    history: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class ReadCases:
    """What a reviewer may see of the queue: their owner's cases, in their queues."""

    begin: Begin

    def find(self, query: CaseQuery, *, acting: Acting) -> CasePage:
        """One page; queues that the reviewer does not work in are left out."""
        queues = frozenset(query.queues) or acting.queues
        if acting.queues:
            queues &= acting.queues
            if not queues:
                return CasePage((), None)
        asked = replace(query, owner=acting.owner, queues=queues, limit=query.limit + 1)
        with self.begin() as work:
            found = tuple(work.cases.find(asked))
        items = found[: query.limit]
        return CasePage(items, items[-1].cursor if len(found) > query.limit else None)

    def read(self, case_id: str, *, acting: Acting) -> CaseView:
        """One case.

        Raises:
            NotFoundError: there is none for this reviewer.
            ForbiddenError: it lies in a queue they do not work in.
        """
        with self.begin() as work:
            case = case_for(work, case_id, acting)
            opinions = tuple(work.cases.opinions(case.id))
            notes = tuple(work.cases.notes(case.id))
            entries = work.audit.entries(subject=case.id, limit=HISTORY_SHOWN)
        return CaseView(case, _fit_to_see(case, opinions, acting), notes, tuple(reversed(entries)))

    def counts(self, *, acting: Acting, now: datetime) -> Sequence[QueueCount]:
        """How the reviewer's queues stand."""
        with self.begin() as work:
            counts = work.cases.counts(acting.owner, now=now)
        return tuple(each for each in counts if acting.works_in(each.queue))


def _fit_to_see(case: Case, opinions: tuple[Opinion, ...], acting: Acting) -> tuple[Opinion, ...]:
    """While an independent opinion is still wanted, only one's own."""
    waiting = case.kind is CaseKind.REVIEW and case.opinions_given < case.opinions_wanted
    if (case.state is CaseState.RESOLVED and not case.judged_by_nobody) or not waiting:
        return opinions
    return tuple(each for each in opinions if each.final or each.by == acting.name)
