"""A challenge: one step-up verification asked of a person, from the asking to its one end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain.errors import ConflictError, TooManyError

LIVE_CODES = 3
"""How many of the codes sent last are good: mails overtake one another, and people type the one they see."""


class ChallengeMethod(StrEnum):
    """How somebody may prove who they are. The values are stored and sent: never rename one."""

    INSTITUTION_SSO = "institution_sso"
    INSTITUTION_EMAIL_CODE = "institution_email_code"
    EMAIL_CODE = "email_code"
    ORCID_SIGN_IN = "orcid_sign_in"
    PHONE_CODE = "phone_code"
    THREE_D_SECURE = "three_d_secure"
    DOCUMENT_CHECK = "document_check"
    SUPERVISOR_ATTESTATION = "supervisor_attestation"


class ChallengeStatus(StrEnum):
    """Where a challenge stands: pending, then one of the others for ever."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    ABANDONED = "abandoned"
    EXPIRED = "expired"


class ClosedBy(StrEnum):
    """What ended a challenge."""

    RESULT = "result"
    CODE = "code"
    SIGN_IN = "sign_in"
    TIME = "time"
    CANNOT = "cannot"
    NOT_NEEDED = "not_needed"


NEUTRAL = frozenset({ClosedBy.CANNOT, ClosedBy.NOT_NEEDED})
"""Ends that say nothing about the person: nobody is riskier for lacking an identity provider."""


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code that was sent, as its keyed digest, and until when it is good."""

    digest: bytes
    until: datetime


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge.

    Attributes:
        id: public.
        method: how the person is to prove it.
        status: where it stands.
        created_at: when it was asked.
        expires_at: when it ends by itself.
        tries_left: wrong answers that it still takes.
        sends_left: codes that may still be sent.
        opened: the person has seen the hosted page.
        closed_at: when it ended.
        closed_by: what ended it.
        evidence: what the method kept of the proof; nothing personal.
        proof: keyed digest of what was proven (an account at a university, a mailbox): one proof serves few people.
        codes: the codes sent last.
        sent_at: when a code was last asked for.
        address: where codes go; ``None`` for the mailbox that the person signed up with. Personal.
    """

    id: str
    method: ChallengeMethod
    created_at: datetime
    expires_at: datetime
    tries_left: int
    sends_left: int
    status: ChallengeStatus = ChallengeStatus.PENDING
    opened: bool = False
    closed_at: datetime | None = None
    closed_by: ClosedBy | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)
    proof: bytes | None = None
    codes: tuple[LiveCode, ...] = ()
    sent_at: datetime | None = None
    address: str | None = None

    @property
    def pending(self) -> bool:
        """Whether an answer is still awaited."""
        return self.status is ChallengeStatus.PENDING

    def require_open(self, now: datetime) -> None:
        """Let only a challenge pass that still takes an answer.

        Raises:
            ConflictError: it has ended; the text says how.
        """
        if self.closed_by is ClosedBy.NOT_NEEDED:
            raise ConflictError("This challenge is no longer needed: the sign-up was decided without it.")
        if self.status is ChallengeStatus.EXPIRED:
            raise ConflictError("This challenge has expired; reassess the sign-up to ask for a new one.")
        if not self.pending:
            raise ConflictError(f"This challenge is already {self.status.value}; its result stands.")
        if now >= self.expires_at:
            raise ConflictError("This challenge has expired; reassess the sign-up to ask for a new one.")

    def answered(
        self,
        status: ChallengeStatus,
        by: ClosedBy,
        *,
        now: datetime,
        evidence: Mapping[str, object] | None = None,
        proof: bytes | None = None,
    ) -> Challenge:
        """The challenge with its result.

        Raises:
            ConflictError: it has ended before.
        """
        self.require_open(now)
        return self._closed(status, by, now, evidence=evidence or {}, proof=proof)

    def wrong(self, by: ClosedBy, *, now: datetime, evidence: Mapping[str, object] | None = None) -> Challenge:
        """One wrong answer: a try fewer, and failed with the last one.

        Raises:
            ConflictError: it has ended before.
        """
        self.require_open(now)
        left = max(0, self.tries_left - 1)
        if left:
            return replace(self, tries_left=left)
        return replace(self._closed(ChallengeStatus.FAILED, by, now, evidence=evidence or {}, proof=None), tries_left=0)

    def asked_again(self, *, now: datetime, pause: timedelta, address: str | None) -> Challenge:
        """The challenge with one more code on its way.

        Raises:
            ConflictError: it has ended before.
            TooManyError: no code may be sent any more, or not yet.
        """
        self.require_open(now)
        if self.sends_left < 1:
            raise TooManyError("No further code is sent for this challenge.")
        if self.sent_at is not None and now < self.sent_at + pause:
            raise TooManyError("A code was sent a moment ago; wait before asking for another.")
        return replace(self, sends_left=self.sends_left - 1, sent_at=now, address=address or self.address)

    def with_code(self, digest: bytes, *, now: datetime, good_for: timedelta) -> Challenge:
        """The challenge with a new code that is good for a while."""
        live = tuple(each for each in self.codes if each.until > now)
        return replace(self, codes=(*live, LiveCode(digest, now + good_for))[-LIVE_CODES:])

    def live_codes(self, now: datetime) -> tuple[LiveCode, ...]:
        """The codes that are good now."""
        return tuple(each for each in self.codes if each.until > now)

    def expired(self, now: datetime) -> Challenge:
        """The challenge after its time; itself while it has time left, or an end already."""
        if not self.pending or now < self.expires_at:
            return self
        return self._closed(ChallengeStatus.EXPIRED, ClosedBy.TIME, now, evidence={}, proof=None)

    def cannot(self, now: datetime) -> Challenge:
        """The challenge of somebody who has no way to do it.

        Raises:
            ConflictError: it has ended before.
        """
        self.require_open(now)
        return self._closed(ChallengeStatus.ABANDONED, ClosedBy.CANNOT, now, evidence={}, proof=None)

    def not_needed(self, now: datetime) -> Challenge:
        """The challenge given up by the service itself; itself if it has ended already."""
        if not self.pending:
            return self
        return self._closed(ChallengeStatus.ABANDONED, ClosedBy.NOT_NEEDED, now, evidence={}, proof=None)

    def _closed(
        self,
        status: ChallengeStatus,
        by: ClosedBy,
        now: datetime,
        *,
        evidence: Mapping[str, object],
        proof: bytes | None,
    ) -> Challenge:
        return replace(
            self,
            status=status,
            closed_at=now,
            closed_by=by,
            evidence=dict(evidence),
            proof=proof,
            codes=(),
            address=None,
        )
