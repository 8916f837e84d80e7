"""Rules: one CEL expression each, with what it asks for, until when, and whether it counts."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from service.domain.decision import Decision
from service.domain.grant import Tier
from service.domain.policy_sections.section import RuleId, Section
from service.domain.rule_check import check_rule


class RuleState(StrEnum):
    """Whether a rule counts."""

    LIVE = "live"
    SILENT = "silent"
    OFF = "off"


class Rule(Section):
    """A floor (``at_least``), a ceiling (``at_most``) or, for an account that is allowed, probation (``grant``).

    A ``silent`` rule decides nothing and is recorded where it would have held; after its day ``expires`` a rule is
    ``off``.
    """

    id: RuleId
    when: Annotated[str, Field(min_length=1, max_length=2_000)]
    at_least: Annotated[Decision | None, Field(strict=False)] = None
    at_most: Annotated[Decision | None, Field(strict=False)] = None
    grant: Literal["probation"] | None = None
    reason: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
    text: Annotated[str, Field(min_length=1, max_length=500)]
    expires: date | None = None
    state: Annotated[RuleState, Field(strict=False)] = RuleState.LIVE

    @field_validator("when")
    @classmethod
    def _runs(cls, when: str) -> str:
        check_rule(when)
        return when

    @model_validator(mode="after")
    def _has_one_effect(self) -> Rule:
        if sum(effect is not None for effect in (self.at_least, self.at_most, self.grant)) != 1:
            raise ValueError("a rule names exactly one of at_least and at_most, or grant")
        return self

    def state_on(self, today: date) -> RuleState:
        """Whether it counts on a day; the day ``expires`` is its last."""
        return RuleState.OFF if self.expires is not None and today > self.expires else self.state

    @property
    def tier(self) -> Tier | None:
        """What an allowed account is granted where the rule holds."""
        return None if self.grant is None else Tier(self.grant)
