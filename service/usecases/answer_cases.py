"""Answer cases by a verdict in another: whoever decides on an account answers what its own cases ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.case import Case, CaseKind
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.verdict import VerdictReason
from service.usecases.open_case import subject_of, vouched_subject
from service.usecases.ports import AuditEntry, UnitOfWork


def answered_by(
    work: UnitOfWork, case: Case, reason: VerdictReason, review: ReviewPolicy, *, by: str, now: datetime
) -> Sequence[Case]:
    """The cases that decisions opened about the account that ``case`` shows, closed by the verdict in that.

    Appeals and cases that a person opened stay, because they ask something else, and so does what wants the opinion of
    somebody else than ``by``, of two, or of whomever it was escalated to.
    """
    if case.record_id is None:
        return ()
    own = (subject_of(case.record_id), vouched_subject(case.record_id))
    return [
        each.settled_by_verdict(reason, case.id, now=now)
        for each in work.cases.unresolved_about([case.record_id])
        if each.id != case.id and each.subject in own and _is_anybodys(each, review) and by not in each.barred
    ]


def answered_anew(work: UnitOfWork, case: Case, reason: VerdictReason, *, now: datetime) -> Sequence[Case]:
    """The cases that an earlier verdict in ``case`` had answered, which was opened again since: as they are by now."""
    of_record = () if case.record_id is None else work.cases.of_record(case.record_id)
    return [each.answered_anew(reason, now=now) for each in of_record if each.answered_in == case.id]


def _is_anybodys(case: Case, review: ReviewPolicy) -> bool:
    queue = review.named(case.queue)
    return case.kind is CaseKind.REVIEW and case.opinions_wanted == 1 and not (queue is not None and queue.by_hand)


def open_answered(work: UnitOfWork, case: Case, review: ReviewPolicy, *, by: str, now: datetime) -> None:
    """Stage that what the verdict in a case had answered is open as it was, because that verdict is taken back."""
    for each in () if case.record_id is None else work.cases.of_record(case.record_id):
        if each.answered_in != case.id or work.cases.of_subject(each.owner, each.subject) is not None:
            continue
        again = each.reopened(now=now, due_after=review.lease)
        work.cases.update(replace(again, due_at=each.due_at, louder_at=each.louder_at))
        work.audit.add(AuditEntry(now, by, "case.unsettled_by_undo", each.id, {"case": case.id}))
