"""Grants: what an allowed account gets while a doubt is too small to ask for a proof."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.domain.policy_sections.section import Probability, Section


class Grants(Section):
    """How probation looks, and how near to the step-up line a score puts an allowed account on it.

    Rules with ``grant = "probation"`` are the other way there.
    """

    probation_days: Annotated[int, Field(ge=1, le=365)] = 30
    quota: Annotated[float, Field(gt=0.0, le=1.0)] = 0.25
    """The share of a full account's quota; a hint to the sign-up flow."""
    near_line: Probability = 1.0
    """The part of the step-up line from which on a score is near it; 1 is never."""
