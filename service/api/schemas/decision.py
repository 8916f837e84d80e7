"""The decision on a sign-up as the API answers it; the shape is the same when the service is degraded."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.signup import AccountType
from service.domain.account import AccountStatus
from service.domain.decision import Decision
from service.domain.grant import Tier
from service.domain.outcome import Grade, Label
from service.domain.standing import ListName


class Answered(BaseModel):
    """What every schema of an answer is: complete and closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReasonAnswer(Answered):
    """Why the score, or a rule, leans one way."""

    code: Annotated[str, Field(description="Stable, for machines; new ones may appear.")]
    group: str
    text: Annotated[str, Field(description="One sentence for an operator; it may change.")]
    contribution: Annotated[float | None, Field(description="In log-odds of fraud; null for a rule or a tag.")]
    multiplier: Annotated[float | None, Field(description="What it multiplies the odds of fraud by.")]


class ChallengeAnswer(Answered):
    """One step-up verification asked of the person."""

    id: str
    method: str
    status: str
    expires_at: datetime
    url: Annotated[
        str | None,
        Field(description="A page for the person: the proof itself, another way, a human. Send them there."),
    ] = None


class GrantAnswer(Answered):
    """What an allowed account gets."""

    tier: Tier
    quota: Annotated[float | None, Field(description="The share of a full account's quota, as a hint.")]
    until: Annotated[datetime | None, Field(description="When probation ends by itself.")]
    lifted_by: Annotated[str | None, Field(description="What ends it, in one sentence.")]


class ListedAnswer(Answered):
    """An entry of a list that holds for the sign-up."""

    list: ListName
    kind: Annotated[str, Field(description="The kind of identifier that is listed.")]
    entry_id: str


class ExploredAnswer(Answered):
    """A draw between allowing and another decision, so that retraining is not blind."""

    instead_of: Decision
    allowed: bool
    propensity: Annotated[float, Field(gt=0, le=1, description="The probability of what was drawn.")]


class ClusterAnswer(Answered):
    """The sign-ups that strong identifiers tie to this one; no number is over 257: see the cluster for all of it."""

    id: str
    size: int
    confirmed_fraud: int


class ModelAnswer(Answered):
    """Which risk model scored."""

    version: str
    sha256: str


class AssessmentAnswer(Answered):
    """What one look at the sign-up concluded."""

    id: str
    decided_at: datetime
    decision: Decision
    score: Annotated[float | None, Field(ge=0, le=1)]
    reasons: tuple[ReasonAnswer, ...]
    rules: tuple[str, ...]
    silent_rules: Annotated[tuple[str, ...], Field(description="Rules that would have held if they counted.")]
    failed_rules: Annotated[tuple[str, ...], Field(description="Rules that could not run.")]
    lists: tuple[ListedAnswer, ...]
    explored: ExploredAnswer | None
    grant: GrantAnswer | None
    model: ModelAnswer | None
    policy_version: int
    degraded: bool
    degraded_reason: str | None


class DecisionAnswer(Answered):
    """The decision on a sign-up. ``decision`` is null when the sign-up was only recorded."""

    id: str
    signup_id: str
    decision: Decision | None
    final: Annotated[bool, Field(description="Whether the decision stands until somebody changes it.")]
    score: Annotated[float | None, Field(ge=0, le=1, description="The probability of fraud.")]
    reasons: tuple[ReasonAnswer, ...]
    rules: tuple[str, ...]
    challenges: tuple[ChallengeAnswer, ...]
    grant: GrantAnswer | None
    case_id: str | None
    cluster: ClusterAnswer | None
    model: ModelAnswer | None
    policy_version: int | None
    degraded: bool
    degraded_reason: str | None
    created_at: datetime


class AccountAnswer(Answered):
    """What the caller reported of the attempt."""

    status: AccountStatus
    account_id: Annotated[
        str | None, Field(description="The caller's own id; stored encrypted, for it may be personal.")
    ]
    at: datetime
    reported_at: datetime


class OutcomeAnswer(Answered):
    """What a source said of the sign-up."""

    id: str
    label: Label
    source: str
    reason: str
    confidence: float
    grade: Grade | None
    occurred_at: datetime
    recorded_at: datetime


class SignupAnswer(DecisionAnswer):
    """The decision as it stands; every assessment that led there and every outcome since, oldest first."""

    history: tuple[AssessmentAnswer, ...]
    outcomes: tuple[OutcomeAnswer, ...]
    account: AccountAnswer | None


class FoundAnswer(Answered):
    """One line of a search, without personal data."""

    id: str
    signup_id: str
    account_type: AccountType
    decision: Decision | None
    score: float | None
    occurred_at: datetime
    recorded_at: datetime


class SearchAnswer(Answered):
    """One page of a search, newest first."""

    items: tuple[FoundAnswer, ...]
    next_cursor: Annotated[str | None, Field(description="Ask again with it for the next page; null at the end.")]
