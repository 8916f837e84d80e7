"""What reviewers do with cases before a verdict: claim, renew, give back, assign, escalate, put off, note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.domain.case import Case, CaseState
from service.domain.errors import FieldError, ForbiddenError, InvalidError, NotFoundError
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.reviewer import Acting, Role
from service.domain.verdict import NOTE_LIMIT
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_cases import ClaimNext, Note


def case_for(work: UnitOfWork, case_id: str, acting: Acting) -> Case:
    """A case that somebody may work on: the queue is checked on the case itself, whatever led there.

    Raises:
        NotFoundError: there is none, or it is another owner's.
        ForbiddenError: it lies in a queue they do not work in.
    """
    case = work.cases.get(acting.owner, case_id)
    if case is None:
        raise NotFoundError("There is no such case.")
    if not acting.works_in(case.queue) and acting.name not in (case.holder, case.reserved_for):
        raise ForbiddenError(f"You do not work in the queue '{case.queue}'.")
    return case


@dataclass(frozen=True, slots=True)
class HandleCases:
    """Every step but the verdict; each is an audit entry with its time."""

    begin: Begin
    review: Callable[[], ReviewPolicy]

    def claim_next(self, *, acting: Acting, now: datetime, queue: str | None = None) -> Case | None:
        """The most urgent case, now in the caller's hands; ``None`` when nothing waits.

        Raises:
            ForbiddenError: a queue is named that they do not work in.
        """
        if queue is not None and not acting.works_in(queue):
            raise ForbiddenError(f"You do not work in the queue '{queue}'.")
        asked = ClaimNext(
            name=acting.name,
            owner=acting.owner,
            queues=acting.queues if queue is None else frozenset({queue}),
            now=now,
            lease=self.review().lease,
        )
        with self.begin() as work:
            return work.cases.claim_next(
                asked, lambda case: _entry(acting, now, "case.claimed", case.id, queue=case.queue)
            )

    def claim(self, case_id: str, *, acting: Acting, now: datetime) -> Case:
        """One case, now in the caller's hands."""
        lease = self.review().lease
        return self._change(
            case_id, acting, now, "case.claimed", lambda case: case.claimed(acting.name, now=now, lease=lease)
        )

    def extend(self, case_id: str, *, acting: Acting, now: datetime) -> Case:
        """The lease renewed."""
        lease = self.review().lease
        return self._change(
            case_id, acting, now, "case.extended", lambda case: case.extended(acting.name, now=now, lease=lease)
        )

    def release(self, case_id: str, *, acting: Acting, now: datetime) -> Case:
        """Back in the queue; a lead may take it from somebody else.

        Raises:
            ForbiddenError: another reviewer holds it.
        """

        def given_back(case: Case) -> Case:
            if case.state is CaseState.CLAIMED and case.holder != acting.name:
                acting.require(Role.LEAD)
            return case.released()

        return self._change(case_id, acting, now, "case.released", given_back)

    def assign(self, case_id: str, to: str | None, *, acting: Acting, now: datetime) -> Case:
        """Kept for one reviewer; ``None`` gives it back to everybody.

        Raises:
            ForbiddenError: the caller is no lead.
        """
        acting.require(Role.LEAD)
        return self._change(case_id, acting, now, "case.assigned", lambda case: case.assigned(to), to=to)

    def escalate(
        self, case_id: str, queue: str | None, *, acting: Acting, now: datetime, note: str | None = None
    ) -> Case:
        """In another queue, the policy's for escalations unless one is named.

        Raises:
            InvalidError: the policy has no such queue.
        """
        review = self.review()
        target = review.named(queue or review.escalation)
        if target is None:
            known = ", ".join(each.name for each in review.queues)
            raise InvalidError("There is no such queue.", (FieldError("/queue", f"must be one of {known}"),))
        share = review.share(target)
        return self._change(
            case_id,
            acting,
            now,
            "case.escalated",
            lambda case: case.escalated(target.name, share=share),
            note=note,
            queue=target.name,
        )

    def snooze(self, case_id: str, until: datetime, *, acting: Acting, now: datetime) -> Case:
        """Out of sight until an instant."""
        return self._change(
            case_id,
            acting,
            now,
            "case.snoozed",
            lambda case: case.snoozed(until, now=now),
            until=until.isoformat(timespec="seconds"),
        )

    def note(self, case_id: str, text: str, *, acting: Acting, now: datetime) -> Note:
        """A note, kept encrypted; the audit entry says that there is one, not what it says.

        Raises:
            InvalidError: empty or too long.
        """
        written = Note(now, acting.name, checked_note(text))
        with self.begin() as work:
            case = case_for(work, case_id, acting)
            work.cases.add_note(case.id, written)
            work.audit.add(_entry(acting, now, "case.noted", case.id))
            work.commit()
        return written

    def _change(  # noqa: PLR0917 - who, what, when, as every method above names them
        self,
        case_id: str,
        acting: Acting,
        now: datetime,
        action: str,
        step: Callable[[Case], Case],
        note: str | None = None,
        **detail: object,
    ) -> Case:
        with self.begin() as work:
            case = step(case_for(work, case_id, acting))
            work.cases.update(case)
            if note:
                work.cases.add_note(case.id, Note(now, acting.name, checked_note(note)))
            work.audit.add(_entry(acting, now, action, case.id, **detail))
            work.commit()
        return case


def checked_note(text: str) -> str:
    """The text of a note without the white space around it.

    Raises:
        InvalidError: empty or too long.
    """
    text = text.strip()
    if not text or len(text) > NOTE_LIMIT:
        raise InvalidError("The note cannot be kept.", (FieldError("/note", f"must be 1 to {NOTE_LIMIT} characters"),))
    return text


def _entry(acting: Acting, now: datetime, action: str, subject: str, **detail: object) -> AuditEntry:
    return AuditEntry(now, acting.name, action, subject, detail)
