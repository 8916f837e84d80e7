"""What the step-up use cases need from outside: the store of challenges, mails and appeals, and secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from service.domain.challenge import ChallengeMethod
from service.domain.pass_rates import Answered, PassRate
from service.domain.step_up import PageSeal, Step, StepUp


class StepUpMovedError(Exception):
    """Somebody else changed the step-up in the meantime: read it again."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A code that is to be sent for a challenge; the code itself is made when it is sent.

    Attributes:
        id: unique.
        challenge_id: whose address and whose code.
        language: of the text, such as ``en``.
        due_at: not sent before.
        tries: how often sending was tried.
    """

    id: str
    challenge_id: str
    language: str
    due_at: datetime
    tries: int = 0


class AppealKind(StrEnum):
    """What a person asks for on the hosted page."""

    HUMAN = "human"
    INSTITUTION_MISSING = "institution_missing"


@dataclass(frozen=True, slots=True)
class Appeal:
    """A person asks for a human. ``message`` and ``institution`` are what they wrote: personal."""

    id: str
    record_id: str
    owner: str
    reference: str
    kind: AppealKind
    at: datetime
    message: str | None = None
    institution: str | None = None


@dataclass(frozen=True, slots=True)
class NewStepUp:
    """A step-up that begins with a decision, and the mails that go out for it."""

    step_up: StepUp
    steps: Sequence[Step]
    mails: Sequence[Mail]


class StepUps(Protocol):
    """Step-ups, each changed as a whole. What begins with a decision is written by ``Ledger.append``."""

    def of_record(self, record_id: str) -> StepUp | None:
        """The step-up of a sign-up."""
        ...

    def of_challenge(self, owner: str | None, challenge_id: str) -> StepUp | None:
        """The step-up that a challenge belongs to, for its owner.

        ``owner=None`` reads across owners, and passes over what does not open any more: others wait behind it.
        """
        ...

    def of_page(self, digest: bytes) -> StepUp | None:
        """The step-up whose page's token has a digest."""
        ...

    def add(self, new: NewStepUp) -> None:
        """Stage the step-up of a sign-up that had none."""
        ...

    def save(self, before: StepUp, after: StepUp, steps: Sequence[Step]) -> None:
        """Stage a change.

        Raises (from ``commit``):
            StepUpMovedError: it was changed since ``before`` was read.
        """
        ...

    def due(self, *, now: datetime, limit: int) -> Sequence[StepUp]:
        """Step-ups with a challenge that is pending past its time."""
        ...

    def history(self, record_id: str) -> Sequence[Step]:
        """Everything that happened to the challenges of a sign-up, oldest first."""
        ...

    def people_proven(self, proof: bytes, *, since: datetime, besides: str) -> int:
        """How many other sign-ups passed a challenge with the same proof."""
        ...

    def proven(self, methods: Collection[ChallengeMethod], *, by: datetime) -> Mapping[str, datetime]:
        """Sign-ups, by record, that had passed a challenge of these methods by an instant, and when they first did."""
        ...

    def answered(self, *, since: datetime) -> Sequence[Answered]:
        """Challenges passed or failed since an instant; what the truth was is for the outcomes to say."""
        ...


class Mails(Protocol):
    """The outbox of mails."""

    def add(self, *mails: Mail) -> None:
        """Stage mails."""
        ...

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Mail]:
        """Take mails that are due, at once, so that nobody else sends them before ``until``."""
        ...

    def put_off(self, mail_id: str, *, until: datetime) -> None:
        """Stage another try."""
        ...

    def done(self, mail_id: str, *, at: datetime, sent: bool, mailbox: bytes | None = None) -> None:
        """Stage the end of a mail: sent to a mailbox (as its keyed digest), or given up."""
        ...

    def sent_to(self, mailbox: bytes, *, since: datetime) -> int:
        """How many mails a mailbox was sent."""
        ...

    def purge(self, *, before: datetime) -> int:
        """Forget, at once, mails that ended before an instant; how many."""
        ...


class Appeals(Protocol):
    """What people asked for on the hosted pages."""

    def add(self, appeal: Appeal) -> None:
        """Stage an appeal."""
        ...

    def of_record(self, record_id: str) -> Sequence[Appeal]:
        """The appeals of a sign-up, oldest first."""
        ...


class PassRates(Protocol):
    """The pass rates as they were estimated last."""

    def put(self, rates: Sequence[PassRate], *, at: datetime) -> None:
        """Stage new estimates in place of the old ones."""
        ...

    def all(self) -> Sequence[PassRate]:
        """The estimates; empty before the first."""
        ...

    def estimated_at(self) -> datetime | None:
        """When they were estimated."""
        ...


class StepUpSecrets(Protocol):
    """Secrets that step-up makes and recognises, under keys that the use cases never see."""

    def seal(self, record_id: str) -> PageSeal:
        """The page of a new step-up."""
        ...

    def token(self, record_id: str, version: int) -> str | None:
        """The token of a page; ``None`` when its key is no longer configured."""
        ...

    def record_of(self, token: str) -> str | None:
        """The sign-up whose decision's page a token opens; ``None`` when it opens none."""
        ...

    def token_digest(self, token: str) -> bytes:
        """What a token is looked up by."""
        ...

    def code(self) -> str:
        """A fresh code for a person to type."""
        ...

    def digest(self, purpose: str, *parts: str) -> bytes:
        """The keyed digest of a secret or of a proof."""
        ...

    def matches(self, digest: bytes, purpose: str, *parts: str) -> bool:
        """Whether a digest is of these, under any key that is still configured."""
        ...
