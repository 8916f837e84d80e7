"""One verdict on many cases: a preview of who is touched, a second person above the policy's size, and its undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.domain.case import JUDGED_BEFORE, Case, CaseKind, CaseState
from service.domain.errors import ConflictError, FieldError, GatehouseError, InvalidError, NotFoundError
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.proposal import Proposal, ProposalState
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Verdict, check_reason
from service.usecases.give_verdict import GiveVerdict
from service.usecases.handle_cases import HandleCases
from service.usecases.ports import AuditEntry, Begin
from service.usecases.read_cases import ReadCases
from service.usecases.take_back import TakeBack

MOST = 500
"""Cases at once: a page of the queue ten times over. Larger things are clusters, which are contained as such."""


_NO_TIME = timedelta()


@dataclass(frozen=True, slots=True)
class Touched:
    """One case of a selection; ``why_not`` says why it would be left out."""

    case: Case
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of a selection: done, left out with the reason, or waiting for a second person."""

    done: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class BulkVerdicts:
    """Verdicts on a selection. Cases that need independent opinions are judged one by one and left out here."""

    begin: Begin
    review: Callable[[], ReviewPolicy]
    new_id: Callable[[datetime], str]
    read: ReadCases
    handle: HandleCases
    verdict: GiveVerdict
    take_back: TakeBack

    def preview(self, case_ids: Sequence[str], *, acting: Acting, now: datetime) -> tuple[Touched, ...]:
        """Who would be touched, and who would not.

        Raises:
            InvalidError: nothing is selected, or too much.
        """
        wanted = tuple(dict.fromkeys(case_ids))
        if not 1 <= len(wanted) <= MOST:
            raise InvalidError(
                "The selection cannot be judged together.", (FieldError("/case", f"must name 1 to {MOST} cases"),)
            )
        touched = []
        for case_id in wanted:
            try:
                case = self.read.read(case_id, acting=acting).case
            except GatehouseError:
                continue
            touched.append(Touched(case, _why_not(case, acting, now)))
        return tuple(touched)

    def needs_second(self, count: int) -> bool:
        """Whether so many need a second person."""
        return count > self.review().second_person_above

    def give(
        self, case_ids: Sequence[str], verdict: Verdict, reason_code: str, *, acting: Acting, now: datetime
    ) -> BulkResult:
        """The verdict on every case that can have it, or a proposal when they are too many for one person.

        Raises:
            InvalidError: the reason is none for this verdict, or nothing can be judged.
        """
        check_reason(verdict, reason_code)
        touched = self.preview(case_ids, acting=acting, now=now)
        able = [each.case.id for each in touched if each.why_not is None]
        if not able:
            raise InvalidError("None of these cases can be judged together.")
        if not self.needs_second(len(able)):
            return self._apply(able, verdict, reason_code, acting, now)
        proposal = Proposal(self.new_id(now), acting.name, now, verdict, reason_code, tuple(able))
        with self.begin() as work:
            work.proposals.add(proposal)
            detail: dict[str, object] = {"verdict": verdict.value, "reason_code": reason_code, "cases": len(able)}
            work.audit.add(AuditEntry(now, acting.name, "case.proposed", proposal.id, detail))
            work.commit()
        left = tuple((each.case.id, each.why_not) for each in touched if each.why_not is not None)
        return BulkResult(left_out=left, proposal=proposal)

    def waiting(self) -> Sequence[Proposal]:
        """Proposals that wait for a second person."""
        with self.begin() as work:
            return work.proposals.waiting()

    def approve(self, proposal_id: str, *, acting: Acting, now: datetime) -> BulkResult:
        """A second person's yes: the verdicts are given, in the name of whoever proposed them.

        Raises:
            ForbiddenError: the second person is no lead.
            NotFoundError: there is no such proposal.
            ConflictError: it was answered before, or the second person is the first.
        """
        proposal = self._answer(proposal_id, ProposalState.APPROVED, acting, now)
        proposer = replace(acting, name=proposal.by)
        return self._apply(proposal.case_ids, proposal.verdict, proposal.reason_code, proposer, now)

    def decline(self, proposal_id: str, *, acting: Acting, now: datetime) -> Proposal:
        """A no; whoever proposed it may take it back too."""
        return self._answer(proposal_id, ProposalState.DECLINED, acting, now)

    def undo(self, case_ids: Sequence[str], *, acting: Acting, now: datetime) -> BulkResult:
        """One's own verdicts on a selection taken back, within the policy's window."""
        return _each(case_ids, lambda case_id: self.take_back.undo(case_id, acting=acting, now=now))

    def _answer(self, proposal_id: str, state: ProposalState, acting: Acting, now: datetime) -> Proposal:
        with self.begin() as work:
            proposal = work.proposals.get(proposal_id)
            if proposal is None:
                raise NotFoundError("There is no such proposal.")
            if acting.name != proposal.by:
                acting.require(Role.LEAD)
            answered = proposal.decided(state, by=acting.name, at=now)
            work.proposals.decide(answered)
            detail: dict[str, object] = {"proposed_by": proposal.by, "cases": len(proposal.case_ids)}
            work.audit.add(AuditEntry(now, acting.name, f"case.proposal_{state}", proposal.id, detail))
            work.commit()
        return answered

    def _apply(
        self, case_ids: Sequence[str], verdict: Verdict, reason_code: str, acting: Acting, now: datetime
    ) -> BulkResult:
        def one(case_id: str) -> object:
            self.handle.claim(case_id, acting=acting, now=now)
            return self.verdict(case_id, verdict, reason_code, acting=acting, now=now)

        return _each(case_ids, one)


def _each(case_ids: Sequence[str], step: Callable[[str], object]) -> BulkResult:
    """One transaction a case: what one of them refuses keeps no other from being done."""
    done, left_out = [], []
    for case_id in case_ids:
        try:
            step(case_id)
        except GatehouseError as error:
            left_out.append((case_id, str(error)))
        else:
            done.append(case_id)
    return BulkResult(tuple(done), tuple(left_out))


def _why_not(case: Case, acting: Acting, now: datetime) -> str | None:
    if case.state is CaseState.RESOLVED:
        return "it is resolved"
    if case.kind is CaseKind.APPEAL:
        return "an appeal is judged by itself"
    if acting.name in case.barred:
        return JUDGED_BEFORE
    if case.opinions_given + 1 < case.opinions_wanted:
        return "it needs independent opinions"
    try:
        case.claimed(acting.name, now=now, lease=_NO_TIME)
    except ConflictError as error:
        return str(error)
    return None
