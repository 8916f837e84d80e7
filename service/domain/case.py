"""A case: one item in the reviewers' queue, from open over claimed to resolved, and the rules of every step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from models.signup import AccountType
from service.domain.case_rank import rank_of
from service.domain.errors import ConflictError, ForbiddenError
from service.domain.verdict import BANS_CORRECTED, CONTAINED, RELEASED, Verdict, VerdictReason

_CONTAINMENT = "containment:"
_RELEASE, _CORRECTION, _VERDICT = "release:", "correction:", "verdict:"
BY_NOBODY = (_CONTAINMENT, _RELEASE, _CORRECTION, _VERDICT)
"""What begins who resolved a case of which nobody had to say anything."""

ONE_SIGNUP = "signup:"
"""What the subject of a case about one sign-up begins with."""

VOUCHED = "vouched:"
"""What that of an account begins with that a proof or a verdict let in, and that the banned look like."""

PIECE = "piece:"
"""What that of a piece of a cluster begins with; the id of its first account follows."""

OPERATOR = "operator:"
"""What that of two clusters begins with that may be one operator's; their ids follow."""

UNFOUNDED = "unfounded:"
"""What that of a containment begins with of which no ban stands any more; its id follows."""

JUDGED_BEFORE = "You have judged this before; somebody else must look at it now."
"""What whoever is barred from a case is told."""


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    RESOLVED = "resolved"


class CaseKind(StrEnum):
    """Why there is a case."""

    REVIEW = "review"
    APPEAL = "appeal"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Case:
    """One item in the queue; it holds no personal data.

    Attributes:
        owner: whose sign-up it is about.
        subject: what it is about; only one case of a subject is unresolved at a time: ``signup:ID``, ``cluster:ID``.
        record_id: the sign-up shown first.
        reasons: the codes that raised the risk, strongest first; ``reason_group`` is the group of the first.
        risk: 0 to 1.
        size: how many sign-ups it stands for.
        rank: what the queue is ordered by, see ``rank_of``.
        louder_at: when it is next made louder, if it is still waiting.
        opinions_wanted: two for a blind double review, and for an appeal: one before the earlier decision is seen.
        holder: who holds it under the lease that ends at ``lease_until``.
        reserved_for: whom a lead gave it to; nobody else is handed it.
        barred: who must not judge it, because they judged it, or what it appeals against, before.
        behind: the id of the case that stands in the queue in its place, about another sign-up of the same cluster.
        cluster: the number of the cluster it was gathered by; ``None`` while it was not.
        version: grows with every change; a change based on an older one is refused. Where the case stands, ``size``,
            ``behind`` and ``cluster``, is no change of it: nobody's verdict depends on that.
    """

    id: str
    owner: str
    subject: str
    kind: CaseKind
    record_id: str | None
    account_type: AccountType
    queue: str
    reason_group: str
    reasons: tuple[str, ...]
    risk: float
    size: int
    rank: float
    opened_at: datetime
    due_at: datetime
    louder_at: datetime
    state: CaseState = CaseState.OPEN
    opinions_wanted: int = 1
    opinions_given: int = 0
    loudness: int = 0
    holder: str | None = None
    lease_until: datetime | None = None
    reserved_for: str | None = None
    snoozed_until: datetime | None = None
    barred: tuple[str, ...] = ()
    verdict: Verdict | None = None
    reason_code: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    behind: str | None = None
    cluster: int | None = None
    version: int = 1

    @property
    def settled_by(self) -> str | None:
        """The containment that answered it in a reviewer's place."""
        by = self.resolved_by or ""
        return by.removeprefix(_CONTAINMENT) if by.startswith(_CONTAINMENT) else None

    @property
    def judged_by_nobody(self) -> bool:
        """Whether it is closed because a containment, a release, a corrected ban or a verdict elsewhere answered it."""
        return (self.resolved_by or "").startswith(BY_NOBODY)

    @property
    def answered_in(self) -> str | None:
        """The other case about the same account in which a reviewer answered it too."""
        by = self.resolved_by or ""
        return by.removeprefix(_VERDICT) if by.startswith(_VERDICT) else None

    @property
    def hides_earlier(self) -> bool:
        """Whether the decision appealed against is still hidden."""
        return self.kind is CaseKind.APPEAL and self.opinions_given == 0

    @property
    def second_judge(self) -> bool:
        """Whether somebody else is asked about an account that a proof or a verdict let in."""
        return self.subject.startswith(VOUCHED)

    @property
    def of_clusters(self) -> bool:
        """Whether it is about accounts that hang together, and not about the one that is shown first."""
        return self.subject.startswith((PIECE, OPERATOR, UNFOUNDED))

    @property
    def of_a_piece(self) -> bool:
        """Whether it is about a piece of a cluster: containing that closes it."""
        return self.subject.startswith(PIECE)

    @property
    def of_a_containment(self) -> bool:
        """Whether it is about a containment: releasing that closes it."""
        return self.subject.startswith(UNFOUNDED)

    @property
    def clusters_named(self) -> tuple[str, ...]:
        """The ids of the clusters that its subject names."""
        return tuple(self.subject.split(":")[1:]) if self.subject.startswith(OPERATOR) else ()

    def overdue(self, now: datetime) -> bool:
        """Whether it waits longer than the policy allows."""
        return self.state is not CaseState.RESOLVED and now >= self.due_at

    def held_by(self, name: str, now: datetime) -> bool:
        """Whether a reviewer holds it under a lease that has not ended."""
        return self.state is CaseState.CLAIMED and self.holder == name and not self.lease_over(now)

    def lease_over(self, now: datetime) -> bool:
        """Whether the claim has lapsed."""
        return self.lease_until is None or now >= self.lease_until

    def claimed(self, name: str, *, now: datetime, lease: timedelta) -> Case:
        """The case in a reviewer's hands; claiming one's own case again renews the lease.

        Raises:
            ConflictError: somebody else holds it, it is reserved, or it is resolved.
            ForbiddenError: the reviewer judged it before.
        """
        self._unresolved()
        if name in self.barred:
            raise ForbiddenError(JUDGED_BEFORE)
        if self.state is CaseState.CLAIMED and self.holder != name and not self.lease_over(now):
            raise ConflictError(
                f"{_person(self.holder)} holds this case for another {_minutes(self.lease_until, now)}."
            )
        if self.reserved_for not in (None, name):
            raise ConflictError(f"This case is assigned to {_person(self.reserved_for)}.")
        return self._with(
            state=CaseState.CLAIMED, holder=name, lease_until=now + lease, reserved_for=None, snoozed_until=None
        )

    def extended(self, name: str, *, now: datetime, lease: timedelta) -> Case:
        """The lease renewed by its holder."""
        self.require_held(name, now)
        return self._with(lease_until=now + lease)

    def released(self) -> Case:
        """Back in the queue at its old place."""
        if self.state is not CaseState.CLAIMED:
            raise ConflictError("Nobody holds this case.")
        return self._with(state=CaseState.OPEN, holder=None, lease_until=None)

    def assigned(self, name: str | None) -> Case:
        """Kept for one reviewer, or for nobody in particular; taken from whoever holds it."""
        self._unresolved()
        if name in self.barred:
            raise ConflictError(f"{_person(name)} has judged this before; somebody else must look at it now.")
        return self._with(state=CaseState.OPEN, holder=None, lease_until=None, reserved_for=name, snoozed_until=None)

    def escalated(self, queue: str, *, share: float) -> Case:
        """In another queue, open, at the place its risk and waiting give it there."""
        self._unresolved()
        urgency = urgency_of(self.kind, self.subject, self.risk)
        return self._with(
            state=CaseState.OPEN,
            holder=None,
            lease_until=None,
            reserved_for=None,
            queue=queue,
            rank=rank_of(urgency, self.opened_at, share=share, loudness=self.loudness),
        )

    def snoozed(self, until: datetime, *, now: datetime) -> Case:
        """Out of sight until an instant; it goes on ageing."""
        self._unresolved()
        if until <= now:
            raise ConflictError("A case can only be put off to a time to come.")
        return self._with(state=CaseState.OPEN, holder=None, lease_until=None, snoozed_until=until)

    def louder(self, *, now: datetime, again_after: timedelta) -> Case:
        """One step more urgent. A case is never decided by waiting, and a reservation that lets it wait ends."""
        self._unresolved()
        return self._with(
            loudness=self.loudness + 1,
            rank=self.rank + 1.0,
            louder_at=now + again_after,
            reserved_for=None,
            snoozed_until=None,
        )

    def with_opinion(self, name: str) -> Case:
        """One of several opinions is given: an appeal stays in its reviewer's hands, a blind review goes to another."""
        if self.kind is CaseKind.APPEAL:
            return self._with(opinions_given=self.opinions_given + 1)
        return self._with(
            opinions_given=self.opinions_given + 1,
            state=CaseState.OPEN,
            holder=None,
            lease_until=None,
            barred=(*self.barred, name),
        )

    def resolved(self, verdict: Verdict, reason_code: str, *, by: str, now: datetime) -> Case:
        """Closed by a verdict."""
        self._unresolved()
        return self._with(
            state=CaseState.RESOLVED,
            holder=None,
            lease_until=None,
            reserved_for=None,
            snoozed_until=None,
            opinions_given=self.opinions_given + 1,
            verdict=verdict,
            reason_code=reason_code,
            resolved_at=now,
            resolved_by=by,
        )

    def settled(self, containment_id: str, *, now: datetime) -> Case:
        """Closed because its cluster is contained, in whosever hands it is; nobody gave an opinion."""
        return self._answered(CONTAINED, settler(containment_id), now)

    def settled_by_release(self, containment_id: str, *, now: datetime) -> Case:
        """Closed because the containment that it is about is released."""
        return self._answered(RELEASED, f"{_RELEASE}{containment_id}", now)

    def settled_by_correction(self, record_id: str, *, now: datetime) -> Case:
        """Closed because the bans in what it is about are corrected, that of this sign-up last."""
        return self._answered(BANS_CORRECTED, f"{_CORRECTION}{record_id}", now)

    def settled_by_verdict(self, reason: VerdictReason, case_id: str, *, now: datetime) -> Case:
        """Closed because a verdict in another case, about the same account, decided on that."""
        return self._answered(reason, f"{_VERDICT}{case_id}", now)

    def answered_anew(self, reason: VerdictReason, *, now: datetime) -> Case:
        """Still closed, by a further verdict in the very case that had answered it.

        Raises:
            ConflictError: no verdict in another case answered it.
        """
        if self.answered_in is None:
            raise ConflictError("This case was not answered by a verdict in another.")
        return self._with(verdict=reason.verdict, reason_code=reason.code, resolved_at=now)

    def unsettled(self) -> Case:
        """Open again as if it had never been settled: the person has waited all the time.

        Raises:
            ConflictError: no containment settled it.
        """
        if self.settled_by is None:
            raise ConflictError("This case was not settled by a containment.")
        return self._with(state=CaseState.OPEN, verdict=None, reason_code=None, resolved_at=None, resolved_by=None)

    def reopened(
        self, *, now: datetime, due_after: timedelta, holder: str | None = None, lease: timedelta | None = None
    ) -> Case:
        """Open again after a verdict, due anew; in ``holder``'s hands when a lease is given.

        Raises:
            ConflictError: it is not resolved.
        """
        if self.state is not CaseState.RESOLVED:
            raise ConflictError("This case is not resolved.")
        held = holder is not None and lease is not None
        return self._with(
            state=CaseState.CLAIMED if held else CaseState.OPEN,
            holder=holder if held else None,
            lease_until=now + lease if held and lease is not None else None,
            verdict=None,
            reason_code=None,
            resolved_at=None,
            resolved_by=None,
            opinions_given=max(self.opinions_given - (0 if self.judged_by_nobody else 1), 0),
            due_at=max(self.due_at, now + due_after),
            louder_at=max(self.louder_at, now + due_after),
        )

    def require_held(self, name: str, now: datetime) -> None:
        """Let only the holder of a running lease pass.

        Raises:
            ConflictError: the case is resolved, not claimed, claimed by another, or the lease has ended.
        """
        self._unresolved()
        if self.state is CaseState.CLAIMED and self.holder == name and self.lease_over(now):
            raise ConflictError(f"Your lease ended at {_clock(self.lease_until)}; claim the case again to go on.")
        if self.state is CaseState.CLAIMED and self.holder != name:
            raise ConflictError(f"Your lease was lost: {_person(self.holder)} holds this case now.")
        if self.state is CaseState.OPEN:
            raise ConflictError("Claim the case first; if you had it, your lease has ended and it went back.")

    def _unresolved(self) -> None:
        if self.settled_by is not None:
            raise ConflictError(
                "This case was settled: its cluster is contained, and the account is held by that. "
                f"Whoever had a lease on it has lost it (containment {self.settled_by})."
            )
        if self.answered_in is not None:
            raise ConflictError(
                f"This case was answered by a verdict in another about the same account, {self.answered_in}; "
                "whoever had a lease on it has lost it."
            )
        if self.judged_by_nobody:
            raise ConflictError("This case answered itself; whoever had a lease on it has lost it.")
        if self.state is CaseState.RESOLVED:
            raise ConflictError(f"This case was resolved by {_person(self.resolved_by)}: {self.verdict}.")

    def _answered(self, reason: VerdictReason, by: str, now: datetime) -> Case:
        """Closed without an opinion, in whosever hands it is."""
        self._unresolved()
        return self._with(
            state=CaseState.RESOLVED,
            holder=None,
            lease_until=None,
            verdict=reason.verdict,
            reason_code=reason.code,
            resolved_at=now,
            resolved_by=by,
        )

    def _with(self, **changes: object) -> Case:
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]  # the names are this class's own


def settler(containment_id: str) -> str:
    """Who resolved a case that a containment settled."""
    return f"{_CONTAINMENT}{containment_id}"


def urgency_of(kind: CaseKind, subject: str, risk: float) -> float:
    """What a case counts as: in full, whatever the score, where people who are denied may be right and wait twice."""
    return 1.0 if kind is CaseKind.APPEAL or subject.startswith(UNFOUNDED) else risk


def in_blind_sample(case_id: str, share: float) -> bool:
    """Whether a case is among those that two people judge: told by the random bits of its id, so always the same."""
    return int(case_id.replace("-", "")[-8:], 16) < share * 2**32


def _person(name: str | None) -> str:
    """Who it is without the prefix that says which sort of caller."""
    return "somebody" if name is None else name.rpartition(":")[2]


def _minutes(until: datetime | None, now: datetime) -> str:
    left = 1 if until is None else max(1, math.ceil((until - now) / timedelta(minutes=1)))
    return f"{left} minute{'' if left == 1 else 's'}"


def _clock(instant: datetime | None) -> str:
    return "some time ago" if instant is None else f"{instant:%H:%M:%S} UTC"
