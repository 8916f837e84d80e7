"""What the use cases answer with: the decision on a sign-up as it stands, its history, pages of a search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.signup import AccountType
from service.domain.account import Account
from service.domain.decision import Assessment, Decision
from service.domain.outcome import Outcome
from service.usecases.ports_search import Found


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """One step-up verification as the caller may see it; ``page_version`` is of the key behind its page's link."""

    id: str
    method: str
    status: str
    expires_at: datetime
    page_version: int | None = None


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
class SignupView:
    """The decision as it stands, every assessment that led there and every outcome, oldest first.

    ``account`` is what became of the attempt.
    """

    current: DecisionView
    history: tuple[Assessment, ...]
    account: Account | None = None
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchCriteria:
    """What recorded sign-ups are searched by; everything given must hold. Values are as the caller wrote them.

    ``country`` is the default region of a ``phone`` written nationally; ``before_no`` continues a page.
    """

    email: str | None = None
    phone: str | None = None
    country: str | None = None
    ip: str | None = None
    device_id: str | None = None
    payment_fingerprint: str | None = None
    full_name: str | None = None
    institution: str | None = None
    institution_ror_id: str | None = None
    signup_id: str | None = None
    reference: str | None = None
    account_type: AccountType | None = None
    decision: Decision | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    before_no: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page, newest first. ``next_no`` is the ``before_no`` of the following page, if there is one."""

    items: tuple[Found, ...]
    next_no: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: the very bytes that were recorded.

    ``replayed`` when it is the recorded answer of an earlier request; then there is no ``view``.
    """

    status: int
    body: bytes
    replayed: bool
    view: DecisionView | None = None
