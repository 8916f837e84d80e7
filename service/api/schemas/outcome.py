"""What ``POST /v1/outcomes`` takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, RootModel, ValidationInfo, field_validator

from service.api.schemas.decision import Answered, OutcomeAnswer
from service.api.schemas.fields import Strict, Time, text, wrong
from service.api.schemas.problem import ProblemAnswer
from service.api.schemas.signup import CLOCK_TOLERANCE
from service.domain.outcome import Grade, Label, Statement

MOST = 1_000
_CODE = r"^[a-z][a-z0-9_.-]*$"


class OutcomeRequest(Strict):
    """What turned out to be true of a sign-up. ``unknown`` withdraws what the source said before."""

    signup_id: Annotated[str, text(64, "Your own id of the attempt, or the one our answer carried.", example="su_8131")]
    label: Label
    reason: Annotated[
        str, text(64, "A code, not prose: it is kept in clear.", example="fraud_chargeback", pattern=_CODE)
    ]
    source: Annotated[
        str,
        text(
            64,
            "Who says so. A later outcome of the same source supersedes its earlier one; those of others stay.",
            example="chargeback",
            pattern=_CODE,
        ),
    ]
    confidence: Annotated[float, Field(ge=0, le=1, description="How sure the source is; 1 if missing.")] | None = None
    occurred_at: Annotated[Time, Field(description="When it turned out so; now, if missing.")] | None = None
    grade: Annotated[Grade, Field(description="How well it is known, A best.")] | None = None

    @field_validator("occurred_at")
    @classmethod
    def _not_ahead(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        now: datetime = (info.context or {})["now"]
        if value is not None and value > now + CLOCK_TOLERANCE:
            raise wrong("must not be more than 5 minutes ahead of the clock")
        return value

    def to_statement(self) -> Statement:
        """The use case's form."""
        return Statement(
            label=self.label,
            source=self.source,
            reason=self.reason,
            confidence=1.0 if self.confidence is None else self.confidence,
            occurred_at=self.occurred_at,
            grade=self.grade,
        )


class OutcomesRequest(RootModel[OutcomeRequest | Annotated[tuple[OutcomeRequest, ...], Field(max_length=MOST)]]):
    """One outcome, or a list of them."""


class OutcomeRecordedAnswer(OutcomeAnswer):
    """A recorded outcome, and the label that stands now that every source has been heard."""

    signup: Annotated[str, Field(description="Our id of the sign-up.")]
    signup_id: str
    standing: Annotated[Label | None, Field(description="Whose word counts is the policy's; null when nobody's does.")]


class OutcomeLineAnswer(Answered):
    """What became of one entry of a list: the outcome, or the problem."""

    status: int
    outcome: OutcomeRecordedAnswer | None
    problem: ProblemAnswer | None


class OutcomeLinesAnswer(Answered):
    """An answer an entry, in the order of the list."""

    items: tuple[OutcomeLineAnswer, ...]
