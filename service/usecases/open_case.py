"""Open cases: with a decision that holds a sign-up for review, by hand, and for a person's appeal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models.signup import AccountType
from service.domain.case import ONE_SIGNUP, VOUCHED, Case, CaseKind, in_blind_sample, urgency_of
from service.domain.case_rank import rank_of
from service.domain.decision import Assessment, Decision
from service.domain.errors import ConflictError, NotFoundError
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.reviewer import Acting
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_cases import Note

UNSCORED_RISK = 0.5
"""What a sign-up counts as that no model scored: a rule or a person wants it looked at, and nothing says how much."""

RULE_GROUP = "rule"
"""The reason group of a case that no contribution of the model speaks for."""


def subject_of(record_id: str) -> str:
    """What a case about one sign-up is keyed by."""
    return f"{ONE_SIGNUP}{record_id}"


def appeal_subject(record_id: str) -> str:
    """What the case of a person who says that a decision on them is wrong is keyed by."""
    return f"appeal:{record_id}"


def vouched_subject(record_id: str) -> str:
    """What the case of an account is keyed by that a proof or a verdict let in, and that the banned look like."""
    return f"{VOUCHED}{record_id}"


def judged_by(work: UnitOfWork, record_id: str) -> tuple[str, ...]:
    """Who has judged a sign-up, in any case about it."""
    opinions = [opinion for case in work.cases.of_record(record_id) for opinion in work.cases.opinions(case.id)]
    return tuple(sorted({opinion.by for opinion in opinions}))


def new_case(
    kind: CaseKind,
    *,
    owner: str,
    subject: str,
    record_id: str | None,
    account_type: AccountType,
    assessment: Assessment | None,
    review: ReviewPolicy,
    now: datetime,
    new_id: Callable[[datetime], str],
    size: int = 1,
    barred: tuple[str, ...] = (),
    because: tuple[str, str] | None = None,
) -> Case:
    """A case as it is opened, in its queue and at its place.

    Args:
        subject: what it is about; a second case of the same subject is not opened while this one is unresolved.
        record_id: the sign-up shown first; for a cluster the one that raised it.
        assessment: what its risk and reasons are read off.
        size: how many sign-ups it stands for.
        barred: who must not judge it.
        because: code and group of what it is opened for, where that is not what raised the risk.
    """
    raising = _raising(assessment)
    reasons = raising if because is None else [because, *(each for each in raising if each[0] != because[0])]
    group = reasons[0][1] if reasons else RULE_GROUP
    queue = review.queue_for(kind=kind.value, account_type=account_type, reason_group=group)
    risk = UNSCORED_RISK if assessment is None or assessment.score is None else assessment.score
    case_id = new_id(now)
    twice = kind is CaseKind.APPEAL or (kind is CaseKind.REVIEW and in_blind_sample(case_id, review.blind_sample))
    return Case(
        id=case_id,
        owner=owner,
        subject=subject,
        kind=kind,
        record_id=record_id,
        account_type=account_type,
        queue=queue.name,
        reason_group=group,
        reasons=tuple(code for code, _ in reasons),
        risk=risk,
        size=size,
        rank=rank_of(urgency_of(kind, subject, risk), now, share=review.share(queue)),
        opened_at=now,
        due_at=now + queue.due_after,
        louder_at=now + queue.due_after,
        opinions_wanted=2 if twice else 1,
        barred=barred,
    )


def case_of_decision(
    assessment: Assessment | None,
    *,
    owner: str,
    record_id: str,
    account_type: AccountType,
    review: ReviewPolicy,
    now: datetime,
    new_id: Callable[[datetime], str],
) -> Case | None:
    """The case that a decision asks for: none unless it is ``review``."""
    if assessment is None or assessment.decision is not Decision.REVIEW:
        return None
    return new_case(
        CaseKind.REVIEW,
        owner=owner,
        subject=subject_of(record_id),
        record_id=record_id,
        account_type=account_type,
        assessment=assessment,
        review=review,
        now=now,
        new_id=new_id,
    )


def appeal_case(
    work: UnitOfWork, recorded: Recorded, *, review: ReviewPolicy, now: datetime, new_id: Callable[[datetime], str]
) -> Case:
    """The case of an appeal; whoever judged the sign-up before must not judge it."""
    return new_case(
        CaseKind.APPEAL,
        owner=recorded.owner,
        subject=appeal_subject(recorded.id),
        record_id=recorded.id,
        account_type=recorded.signup.account_type,
        assessment=recorded.assessments[-1] if recorded.assessments else None,
        review=review,
        now=now,
        new_id=new_id,
        barred=judged_by(work, recorded.id),
    )


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case by hand, about a sign-up that nothing held."""

    begin: Begin
    review: Callable[[], ReviewPolicy]
    new_id: Callable[[datetime], str]

    def __call__(self, record_id: str, *, acting: Acting, now: datetime, note: str | None = None) -> Case:
        """The case; the note, if any, is kept with it.

        Raises:
            NotFoundError: there is no such sign-up for this caller.
            ConflictError: a case about it is unresolved, or somebody opened one at the same moment.
        """
        with self.begin() as work:
            recorded = _recorded(work, acting.owner, record_id)
            _refuse_a_second(work, recorded.owner, subject_of(record_id))
            case = new_case(
                CaseKind.MANUAL,
                owner=recorded.owner,
                subject=subject_of(record_id),
                record_id=record_id,
                account_type=recorded.signup.account_type,
                assessment=recorded.assessments[-1] if recorded.assessments else None,
                review=self.review(),
                now=now,
                new_id=self.new_id,
            )
            return _opened(work, case, acting.name, now, note)


@dataclass(frozen=True, slots=True)
class OpenAppeal:
    """Open a case for a person who says that the decision on them is wrong."""

    begin: Begin
    review: Callable[[], ReviewPolicy]
    new_id: Callable[[datetime], str]

    def __call__(self, record_id: str, statement: str, *, owner: str | None, by: str, now: datetime) -> Case:
        """The case, with the person's statement as its first note; whoever decided before must not judge it.

        Raises:
            NotFoundError: there is no such sign-up for this caller.
            ConflictError: nothing was refused, or an appeal is being looked at.
        """
        with self.begin() as work:
            recorded = _recorded(work, owner, record_id)
            last = recorded.assessments[-1] if recorded.assessments else None
            if last is None or last.decision is not Decision.DENY:
                raise ConflictError("Only a denial can be appealed against.")
            _refuse_a_second(work, recorded.owner, appeal_subject(record_id))
            case = appeal_case(work, recorded, review=self.review(), now=now, new_id=self.new_id)
            return _opened(work, case, by, now, statement)


def _raising(assessment: Assessment | None) -> list[tuple[str, str]]:
    """Codes and groups of what raised the risk, strongest first; rules, which weigh nothing, last."""
    if assessment is None:
        return []
    weighed = sorted(
        (each for each in assessment.reasons if each.contribution is not None and each.contribution > 0),
        key=lambda each: -(each.contribution or 0.0),
    )
    rules = [each for each in assessment.reasons if each.contribution is None]
    return list(dict.fromkeys((each.code, each.group) for each in (*weighed, *rules)))


def _recorded(work: UnitOfWork, owner: str | None, record_id: str) -> Recorded:
    recorded = work.ledger.get(owner, record_id)
    if recorded is None:
        raise NotFoundError("There is no such sign-up.")
    return recorded


def _refuse_a_second(work: UnitOfWork, owner: str, subject: str) -> None:
    existing = work.cases.of_subject(owner, subject)
    if existing is not None:
        raise ConflictError(f"Case {existing.id} about this sign-up is not resolved yet.")


def _opened(work: UnitOfWork, case: Case, by: str, now: datetime, note: str | None) -> Case:
    opened: dict[str, object] = {"kind": case.kind.value, "queue": case.queue}
    work.cases.add(case, AuditEntry(now, by, "case.opened", case.id, opened))
    if note:
        work.cases.add_note(case.id, Note(now, by, note))
    work.commit()
    if work.cases.get(None, case.id) is None:
        raise ConflictError("Somebody opened a case about this sign-up at the same moment.")
    return case
