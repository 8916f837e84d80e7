"""Record outcomes: what turned out to be true of a sign-up marks its identifiers and its cluster, or undoes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.linkage.marks import Mark
from service.domain.caller import Caller
from service.domain.errors import ConflictError, NotFoundError
from service.domain.outcome import REVIEWER, Label, Outcome, Statement, mark_of, newest_of, standing_of
from service.domain.policy import Policy
from service.domain.policy_sections.clusters import OutcomeLines
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import Known
from service.usecases.ports_outcomes import SignupRef
from service.usecases.try_again import tried_again

MOST_OUTCOMES = 500
"""Of one sign-up that callers may record: each new one is weighed against all of them. Sources are a dozen."""

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What became of a statement: the outcome, whether it is a new one, and the one that stands now."""

    signup: SignupRef
    outcome: Outcome
    new: bool
    standing: Outcome | None


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """Take statements of callers on their own sign-ups."""

    begin: Begin
    policy: Callable[[], Policy]
    new_id: Callable[[datetime], str]

    @tried_again
    def __call__(self, name: str, said: Statement, *, caller: Caller, now: datetime) -> Spoken:
        """Record what is said of the sign-up that ``name`` names, by our id or the caller's own.

        Raises:
            NotFoundError: the caller recorded no such sign-up.
            ConflictError: the sign-up has as many outcomes as it may have.
        """
        with self.begin() as work:
            signup = work.outcomes.signup(caller.owner, name)
            if signup is None:
                raise NotFoundError("There is no such sign-up.")
            spoken = say(
                work,
                signup,
                said,
                lines=self.policy().document.clusters.outcomes,
                by=f"key:{caller.key_id}",
                now=now,
                new_id=self.new_id,
                most=MOST_OUTCOMES,
            )
            work.commit()
        return spoken


def say(
    work: UnitOfWork,
    signup: SignupRef,
    said: Statement,
    *,
    lines: OutcomeLines,
    by: str,
    now: datetime,
    new_id: Callable[[datetime], str],
    most: int | None = None,
) -> Spoken:
    """Stage an outcome with everything that follows from it; nothing when the source said the same last.

    The identifiers and the cluster are marked by the outcome that stands. When another one stands from now on, what
    the earlier one did is withdrawn and what the new one does is done, in the same transaction.

    Raises:
        ConflictError: it would be one more than ``most``; a reviewer's verdict is never one too many.
    """
    known = work.outcomes.of(signup.signup_no)
    last = newest_of(known, said.source)
    if last is not None and last.said == replace(said, occurred_at=said.occurred_at or last.said.occurred_at):
        return Spoken(signup, last, new=False, standing=standing_of(known, lines.precedence))
    if most is not None and len(known) >= most:
        raise ConflictError(f"This sign-up has {most} outcomes, as many as it may have; a reviewer may still judge it.")
    # Marks are kept by the instant they became known: of one sign-up no two are of the same.
    at = max([now, *(each.recorded_at + _INSTANT for each in known)])
    outcome = Outcome(
        id=new_id(now),
        signup_no=signup.signup_no,
        ordinal=len(known) + 1,
        said=replace(said, occurred_at=said.occurred_at or now),
        recorded_at=at,
        by=by,
    )
    standing = standing_of((*known, outcome), lines.precedence)
    work.outcomes.add(outcome)
    _mark(work, signup.signup_no, mark_of(standing, certain=lines.certain), at)
    if _reject(known, lines) and not _reject((*known, outcome), lines):
        # A release may have left the account denied on that word.
        work.containments.give_back_again(signup.signup_no)
    work.audit.add(
        AuditEntry(
            at=now,
            actor=by,
            action="outcome.recorded",
            subject=signup.id,
            detail={
                "outcome": outcome.id,
                "label": said.label.value,
                "source": said.source,
                "stands": None if standing is None else standing.id,
            },
        )
    )
    return Spoken(signup, outcome, new=True, standing=standing)


def _reject(outcomes: Sequence[Outcome], lines: OutcomeLines) -> bool:
    """Whether these of one sign-up make it a known fraud, and a reviewer calls it one."""
    said = newest_of(outcomes, REVIEWER)
    banned = mark_of(standing_of(outcomes, lines.precedence), certain=lines.certain) is Mark.BANNED
    return banned and said is not None and said.said.label is Label.FRAUD


def _mark(work: UnitOfWork, signup_no: int, wanted: Mark | None, at: datetime) -> None:
    """Have the sign-up marked as ``wanted``; what it is marked as is read, because the policy may have changed."""
    member = work.clusters.member(signup_no)
    if member is None or member.label is wanted:
        return
    if member.label is not None:
        work.clusters.unmark(signup_no, member.label, at=at)
    if member.label is Mark.BANNED and member.label_at is not None:
        work.after_bans.withdrawn(Known(signup_no, Mark.BANNED, member.label_at), at=at)
    if wanted is not None:
        work.clusters.mark(signup_no, wanted, at=at)


def record_result(work: UnitOfWork, signup_no: int, *, passed: bool, at: datetime) -> None:
    """Stage the result of a challenge: passed, or failed or abandoned, on each identifier of the sign-up."""
    work.clusters.mark(signup_no, Mark.PASSED if passed else Mark.FAILED, at=at)
