"""Approval: which changes of the policy need a second person."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.domain.policy_sections.section import Section


class Approval(Section):
    """A change is large when a rate of its back-test moves by more than ``factor``, up or down.

    The policy in force says so of the one that would replace it, so that no draft loosens its own check.
    """

    factor: Annotated[float, Field(gt=1.0, le=100.0)] = 1.5
    ignore_below: Annotated[float, Field(gt=0.0, le=0.1)] = 0.002
    """Rates are compared as if they were at least this: from none to one in a thousand is no large change."""
    least_decisions: Annotated[int, Field(ge=0, le=100_000)] = 200
    """A back-test of a part of the record counts from so many decisions on; fewer say too little about rates."""
