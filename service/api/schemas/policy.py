"""What the operations about policies take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.api.schemas.decision import Answered
from service.api.schemas.fields import Strict, Time, text
from service.usecases.policy_versions import REASON_LIMIT

DOCUMENT_CHARACTERS = 60_000
"""What a body of 64 KiB has room for; the command line takes longer documents."""

MOST_REPLAYED = 50_000
REPLAYED = 10_000
"""Decisions replayed in one request unless another number is asked for: a few seconds."""

Why = Annotated[str, text(REASON_LIMIT, "Why, for those who come later.", example="fewer honest people asked")]


class PolicyRequest(Strict):
    """A draft."""

    document: Annotated[str, text(DOCUMENT_CHARACTERS, "The policy document, TOML.")]
    reason: Why


class ReasonRequest(Strict):
    """Why a version comes into force."""

    reason: Why


class BackTestRequest(Strict):
    """Which recorded decisions are replayed: the newest, within the times given."""

    since: Annotated[Time | None, Field(description="Recorded at this time or later.")] = None
    before: Annotated[Time | None, Field(description="Recorded before this time.")] = None
    limit: Annotated[int, Field(ge=1, le=MOST_REPLAYED, description="At most so many of the newest.")] = REPLAYED


class CountsAnswer(Answered):
    """How many got each decision."""

    allow: int
    step_up: int
    review: int
    deny: int


class GroupAnswer(Answered):
    """One group of people."""

    dimension: str
    value: str
    decisions: int
    changed: int
    before: CountsAnswer
    after: CountsAnswer


class OutcomeAnswer(Answered):
    """Those of whom something became known."""

    label: str
    decisions: int
    changed: int
    before: CountsAnswer
    after: CountsAnswer


class MoveAnswer(Answered):
    """How many would have gone from one decision to another."""

    before: str
    after: str
    decisions: int


class BeforeAfterAnswer(Answered):
    """A figure before and after."""

    before: float
    after: float


class ComparisonAnswer(Answered):
    """What a back-test found."""

    version: int
    against: Annotated[int, Field(description="The version that was in force; 0 is the shipped one.")]
    decisions: int
    changed: int
    first: datetime | None
    last: datetime | None
    reviews_a_day: BeforeAfterAnswer
    groups: tuple[GroupAnswer, ...]
    outcomes: tuple[OutcomeAnswer, ...]
    moves: tuple[MoveAnswer, ...]
    rules: Annotated[dict[str, int], Field(description="How often each rule holds.")]
    silent_rules: dict[str, int]
    failed_rules: dict[str, int]


class BackTestAnswer(Answered):
    """A back-test and what it means for an activation."""

    at: datetime
    by: str
    whole: Annotated[bool, Field(description="Whether every recorded decision was replayed.")]
    large: Annotated[
        tuple[str, ...], Field(description="The rates that move so far that a second person has to activate it.")
    ]
    found: ComparisonAnswer


class PolicyVersionAnswer(Answered):
    """One version."""

    version: int
    in_force: bool
    created_at: datetime
    created_by: str
    reason: str
    activated_at: Annotated[datetime | None, Field(description="When it last came into force; null for a draft.")]
    backtested_at: datetime | None


class PolicyAnswer(PolicyVersionAnswer):
    """One version with its document and its newest back-test."""

    document: str
    backtest: BackTestAnswer | None


class ActivationAnswer(Answered):
    """One version coming into force."""

    version: int
    at: datetime
    by: str
    reason: str
    rolled_back: Annotated[int | None, Field(description="The version it took the place of, in a roll-back.")]


class PoliciesAnswer(Answered):
    """Every version, and which came into force when, oldest first."""

    items: tuple[PolicyVersionAnswer, ...]
    activations: tuple[ActivationAnswer, ...]
