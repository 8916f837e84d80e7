"""Tell consequences: a decision that changed because of others, recorded now and told at a random time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.signals.signals import derive_signals
from service.domain.containment import WORKER
from service.domain.decision import Assessment, Decision, instant_after
from service.domain.event import Event, EventType
from service.domain.step_up import StepUp
from service.usecases.ask_again import AskAgain
from service.usecases.decision_events import changed
from service.usecases.follow_up import looked_at, open_its_case
from service.usecases.judge import Judge
from service.usecases.ports import AuditEntry, Recorded, UnitOfWork
from service.usecases.step_up_methods import Person


@dataclass(frozen=True, slots=True)
class TellConsequence:
    """Stages what came of an account because of others, with the proofs or the case that it calls for.

    ``chance`` gives a random number from 0 to 1: when within the policy's window it is told, because timing must not
    say who betrayed whom. No code is mailed before.
    """

    judge: Judge
    ask_again: AskAgain
    chance: Callable[[], float]

    def __call__(
        self,
        work: UnitOfWork,
        recorded: Recorded,
        assessment: Assessment,
        *,
        because: Mapping[str, object],
        now: datetime,
        given_back: bool = False,
        has_its_case: bool = False,
    ) -> Assessment | None:
        """The assessment as it is staged; none where the account has proven enough before, and stays as it was.

        Args:
            because: what the receiver is told beside the decisions, and the audit record; no personal data.
            given_back: whether an earlier decision is restored: where the later one was not told yet, this is told no
                later than that would have been.
            has_its_case: whether the case of a review is put back by whoever closed it.
        """
        before, has_its_case = (
            recorded.assessments[-1].decision,
            has_its_case and assessment.decision is Decision.REVIEW,
        )
        due = now + self.judge.policy().document.clusters.containment.spread * self.chance()
        if given_back:
            due = min(due, _not_told_before(work, recorded, now) or due)
        assessment, step_up = self._asked(work, recorded, assessment, now, due)
        if assessment.decision is before:
            return None
        case = None
        if not has_its_case:
            review = self.judge.policy().document.review
            case = open_its_case(work, recorded, assessment, review=review, new_id=self.judge.new_id, now=now)
        view = looked_at(recorded, assessment, step_up=step_up, case=case)
        told = changed(view.current, before=before, owner=recorded.owner, now=now, new_id=self.judge.new_id)
        append_reassessed(work, self.judge, recorded, assessment, told, because=because, now=now, due=due)
        return assessment

    def _asked(
        self, work: UnitOfWork, recorded: Recorded, assessment: Assessment, now: datetime, due: datetime
    ) -> tuple[Assessment, StepUp | None]:
        """Ask for proofs, or no longer; of those who are held or denied what was asked stands as it is."""
        no_longer = recorded.assessments[-1].decision is Decision.STEP_UP and assessment.decision is Decision.ALLOW
        if assessment.decision is not Decision.STEP_UP and not no_longer:
            return assessment, None
        person = Person(recorded.signup, derive_signals(recorded.signup, self.judge.reference))
        return self.ask_again(work, person, assessment, recorded, now=now, told_at=due)


def _not_told_before(work: UnitOfWork, recorded: Recorded, now: datetime) -> datetime | None:
    """When the last of what is decided of a sign-up already will have been told; none where all of it was."""
    return max((each.due_at for each in work.events.of_subject(recorded.id) if each.due_at > now), default=None)


def append_reassessed(
    work: UnitOfWork,
    judge: Judge,
    recorded: Recorded,
    assessment: Assessment,
    told: Sequence[Event],
    *,
    because: Mapping[str, object],
    now: datetime,
    due: datetime,
) -> None:
    """Stage an assessment that the worker made, with its audit entry and ``account.reassess`` after ``told``.

    Whichever way it decided: what is given back is told like what was taken.

    It follows from the last one as it was read: ``commit`` raises ``ConflictError`` when there is another by then.

    Args:
        because: why, for the receiver and the audit record; no personal data.
        due: when all of it may be told.
    """
    reassess = Event(
        id=judge.new_id(now),
        type=EventType.ACCOUNT_REASSESS,
        owner=recorded.owner,
        subject=recorded.id,
        occurred_at=now,
        due_at=due,
        data={
            "id": recorded.id,
            "signup_id": recorded.signup.signup_id,
            "decision": assessment.decision.value,
            "previous_decision": recorded.assessments[-1].decision.value,
            **because,
        },
    )
    detail: dict[str, object] = {"decision": assessment.decision.value, "assessment": assessment.id, **because}
    audit = AuditEntry(now, WORKER, "signup.reassessed", recorded.id, detail)
    events = [*(replace(each, due_at=due) for each in told), reassess]
    # Two of one round would be made at the same instant, and which one stands would be chance.
    last = recorded.assessments[-1]
    assessment = replace(assessment, decided_at=instant_after(last, assessment.decided_at))
    work.ledger.append_assessment(recorded.signup_no, assessment, audit, events, after=last.id)
