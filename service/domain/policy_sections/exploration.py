"""Exploration: a small share of would-be step-ups and reviews is allowed, so that retraining is not blind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.domain.policy_sections.section import Probability, Section

MOST_EXPLORED = 0.2
"""Beyond a fifth it would no longer be a small share of those who were found suspicious."""


class Exploration(Section):
    """At random, with its propensity recorded; never at or above a score, never for somebody blocked or contained."""

    rate: Annotated[float, Field(ge=0.0, le=MOST_EXPLORED)] = 0.0
    below_score: Probability = 0.5
