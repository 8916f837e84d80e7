"""Thresholds: the score lines of one account type, and what is decided without a score."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from service.domain.decision import Decision
from service.domain.policy_sections.section import Probability, Section


class Thresholds(Section):
    """The score lines of one account type; a line that is absent is never crossed."""

    step_up: Probability
    review: Probability
    deny: Probability | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if not self.step_up <= self.review <= (1.0 if self.deny is None else self.deny):
            raise ValueError("the lines must rise: step_up <= review <= deny")
        return self

    def decision_for(self, score: float) -> Decision:
        """The decision of the score alone."""
        if self.deny is not None and score >= self.deny:
            return Decision.DENY
        if score >= self.review:
            return Decision.REVIEW
        return Decision.STEP_UP if score >= self.step_up else Decision.ALLOW


class Fallback(Section):
    """What is decided when no model can score."""

    decision: Annotated[Decision, Field(strict=False)]
