"""What the use cases answer with: the decision on a sign-up in the form the edges show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.signup import AccountType
from service.domain.decision import Assessment


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """One step-up verification as the caller may see it."""

    id: str
    method: str
    status: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ClusterView:
    """The cluster a sign-up belongs to, in numbers."""

    id: str
    size: int
    confirmed_fraud: int


@dataclass(frozen=True, slots=True)
class DecisionView:
    """The decision on one sign-up. ``assessment`` is ``None`` when the sign-up was only recorded."""

    id: str
    signup_id: str
    account_type: AccountType
    record_only: bool
    created_at: datetime
    assessment: Assessment | None
    challenges: tuple[ChallengeView, ...] = ()
    case_id: str | None = None
    cluster: ClusterView | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: the very bytes that were recorded. ``view`` is ``None`` on a replay."""

    status: int
    body: bytes
    replayed: bool
    view: DecisionView | None = None
